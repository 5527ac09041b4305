// Set-ups that are worth a look, each with what to see at five stops of the page.
import type { Config } from "../../src/experiment/config.ts";
import { posteriorGate, preset } from "../../src/experiment/presets.ts";

/** Where a tour stops, in its order. */
export const stops = ["setup", "plane", "clients", "gate", "ask"] as const;

export type Stop = (typeof stops)[number];

export interface Story {
  readonly name: string;
  readonly about: string;
  /** What is set up; the data are the page's. */
  readonly config: Config;
  /** What there is to see. */
  readonly says: Readonly<Record<Stop, string>>;
}

const quick = preset("quick");

export const stories: readonly Story[] = [
  {
    name: "Two classes only",
    about: "Every client owns rows of two classes, and none of the other eight.",
    config: { ...quick, partition: { kind: "majority", p: 1, overlap: true } },
    says: {
      setup: "p is 100 %: all rows of a client are of its two classes. Start the run, and go on meanwhile.",
      plane:
        "Right is better on a client’s own two classes, up is better on all ten. A copy of the generalist that is fine-tuned on two classes goes to the right, and pays for it below: it forgets what its client never sees.",
      clients:
        "The bars are a client’s rows by class: two, and nothing else. “Helped?” says how far the mixture is ahead of the model that the client trained alone.",
      gate: "Trust in the specialist, class by class. Strong points are of classes that a client owns: a gate that knows them has these at the right, and all others at the left.",
      ask: "Pick a class that this client does not own. Its specialist can hardly know it, the generalist may, and the gate decides between them.",
    },
  },
  {
    name: "Half opt out",
    about: "Half of the clients never send anything, and still get a mixture.",
    config: { ...quick, optOut: 0.5 },
    says: {
      setup:
        "Clients that opt out are 50 %: the generalist is trained by the other half. Start the run, and go on meanwhile.",
      plane:
        "Hollow points have opted out. They are sent the generalist as all others are, and train their own models from it: do they end elsewhere than the full ones?",
      clients: "“out” marks who has opted out. Sort by “Helped?”, and see whether they are among the last.",
      gate: "A gate is its client’s own and never leaves it, so that opting out changes only whose rows the generalist has learnt from.",
      ask: "Ask one that has opted out, and one that has not: “It has opted out” stands above the answers.",
    },
  },
  {
    name: "The authors’ code",
    about: "What the authors’ program does, its slips included.",
    config: { ...quick, fidelity: "authors-code" },
    says: {
      setup:
        "“As in” is the authors’ code, bug for bug. Start the run; when it has finished, choose the paper there, and the next run begins beside it.",
      plane:
        "What has finished stays as a ghost under a number, so that both readings of one method can be seen in one plane.",
      clients: "The same clients with the same rows in both: what differs is what was done with them.",
      gate: "Look whether the points of one class lie apart from those of another. A gate that trusts the specialist alike in every class is a constant.",
      ask: "Ask about one picture after another: does the trust move, or only the answers?",
    },
  },
  {
    name: "The gate that gates",
    about: "A gate that asks whose an input is, with its trade-off as a slider.",
    config: { ...quick, posterior: posteriorGate },
    says: {
      setup:
        "“Also a gate that asks whose an input is” is on. Nothing is trained for it: it is read off the generalist’s answers and a client’s counts of labels. Start the run.",
      plane:
        "As soon as clients are done, ρ stands under the plane: the share of own inputs that the gate reckons with. Turn it, and every client goes along its curve, from all kinds of data to its own.",
      clients: "The table has the trained gate’s mixture. The other gate is in the table of methods, below the curves.",
      gate: "This is the trained gate, class by class; compare how far its points of own classes lie from the others.",
      ask: "Ask about a class that the client owns, and about one that it does not.",
    },
  },
];
