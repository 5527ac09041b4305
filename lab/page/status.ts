// One line on where the run is, and a thin line for how far.
import { focusOf, methodStyle } from "../../src/report/methods.ts";
import { duration, plusMinus } from "../../src/report/numbers.ts";
import { el } from "./element.ts";
import type { View } from "./frames.ts";
import type { Outcome, Phase } from "../messages.ts";
import { standing } from "./together.ts";
import type { Notebook, Stage } from "./notebook.ts";

// how long phases take, roughly: private training takes longer than a federation, answering at the end does not
const lengths = { federation: 0.3, private: 0.7, answers: 0.1 };

export interface StatusPlaces {
  readonly line: HTMLElement;
  /** The line at every new stage, for those who hear it. */
  readonly announcement: HTMLElement;
  readonly progress: HTMLElement;
}

// what a run is about, in a few words
function focusText({ methods, task }: Outcome): string {
  const names = Object.keys(methods);
  if (names.length === 0) return "No client of this tab was evaluated";
  const { method } = focusOf(names);
  const { localTest, globalTest } = methods[method]!;
  return `${methodStyle(method).label} ${task === "regression" ? "R2 " : ""}${plusMinus(localTest)} % local, ${plusMinus(globalTest)} % global`;
}

export class StatusView implements View {
  readonly every = 150;
  readonly #notebook: Notebook;
  readonly #line: HTMLElement;
  readonly #progress: HTMLElement;
  readonly #announcement: HTMLElement;
  #announced: Stage | undefined;

  constructor(places: StatusPlaces, notebook: Notebook) {
    this.#line = places.line;
    this.#announcement = places.announcement;
    this.#progress = places.progress;
    this.#notebook = notebook;
  }

  draw(): void {
    const { stage } = this.#notebook;
    document.body.dataset["stage"] = stage;
    this.#line.replaceChildren(...this.#text());
    // a line that changes with every round would be read out without end
    if (stage !== this.#announced) this.#announcement.textContent = this.#line.textContent;
    this.#announced = stage;
    const { first, rest, share } = this.#passed();
    const [one, two] = this.#progress.children as unknown as [HTMLElement, HTMLElement];
    one.style.transform = `scaleX(${first * share})`;
    two.style.transform = `translateX(${100 * share}%) scaleX(${rest * (1 - share)})`;
  }

  // how much of the generalist's federation is over and of all that follows, and what part of the whole the first is
  #passed(): { first: number; rest: number; share: number } {
    const { stage, phase, passed, methods } = this.#notebook;
    const { federation, private: own, answers } = lengths;
    const after = own + methods.length * (federation + answers);
    const share = federation / (federation + after);
    if (stage === "finished") return { first: 1, rest: 1, share };
    if (!phase) return { first: 0, rest: 0, share };
    const lengthOf = ({ phase, compared }: Phase): number =>
      phase === "federation" ? federation : compared ? methods.length * answers : own;
    const part = phase.done / Math.max(1, phase.total);
    // a phase that went on after a pause is told again
    const begun = [...new Map(passed.map((one) => [`${one.phase} ${one.compared} ${one.method}`, one])).values()];
    const [first, ...later] = begun;
    if (later.length === 0) return { first: first ? part : 0, rest: 0, share };
    const over = later.slice(0, -1).reduce((sum, one) => sum + lengthOf(one), 0);
    return { first: 1, rest: Math.min(1, (over + part * lengthOf(phase)) / after), share };
  }

  #text(): (string | HTMLElement)[] {
    const { stage, data, clients, summary, compared, shared, together } = this.#notebook;
    switch (stage) {
      case "opening":
        return ["Fetching data …"];
      case "refused":
        return ["This set-up cannot run."];
      case "failed":
        return ["The run has stopped."];
      case "ready":
        return [
          `${clients.length} clients are ready, on ${data?.train.toLocaleString("en")} training rows of ${data?.names.dataset}.`,
        ];
      case "running":
        if (together && ["calls", "open", "here", "gone"].includes(together.at)) return [standing(together)];
        return [this.#progressText()];
      case "pausing":
        return [`Pausing: ${this.#progressText().toLowerCase()}`];
      case "paused":
        return [`Paused: ${this.#progressText().toLowerCase()}. Nothing is lost.`];
      case "finished":
        return summary
          ? [
              `${focusText(summary)}, in ${duration(summary.wallSeconds)}. `,
              hashOf(summary.weightsSha256, together ? "weights of this tab" : "weights", "hash"),
              ...(shared ? [", ", hashOf(shared, "generalist", "generalist")] : []),
              ...(compared ? [", ", hashOf(compared.weightsSha256, "compared", "compared")] : []),
            ]
          : [];
    }
  }

  #progressText(): string {
    const { phase } = this.#notebook;
    if (!phase) return "Starting the workers";
    const { compared, method, done, total } = phase;
    if (phase.phase === "federation")
      return `Learning together${compared ? `, ${method}` : ""}: round ${done} of at most ${total}`;
    return `${compared ? "Comparing" : "Learning apart"}: ${done} of ${total} clients done`;
  }
}

function hashOf(hash: string, label: string, name: string): HTMLElement {
  const of = name === "generalist" ? "the generalist’s weights" : name === "hash" ? `all ${label}` : "all weights";
  return el(
    "span",
    { class: "hash", title: `SHA-256 of ${of}: ${hash}`, [`data-${name}`]: hash },
    `${label} ${hash.slice(0, 8)}`,
  );
}
