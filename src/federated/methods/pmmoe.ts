// PM-MoE (2025): after a federation whose clients have heads of their own, here FedPer, everybody sees all heads, and a client learns a
// gate over its own and some others'. Which ones its rows' energy says, as in the abstract; the authors' code has no such filter.
import type { Steps } from "../../runtime/steps.ts";
import { type Answers, method, type Method, type Reply, type Turn, type Vector, type Vectors } from "../method.ts";
import { averaging, beside, noticeboard, posted } from "../servers.ts";
import { HeadGate } from "./headGate.ts";
import { partlyShared } from "./partlyShared.ts";

// what FedPer knows of a turn
type Base = Turn<"shared", "own">;

export const pmmoe: Method = method({
  name: "pm-moe",
  paper: "arXiv 2502.00354",
  about:
    "FedPer, and at its end a gate of each client over its own head and those of others with low energy on its rows",
  // how many others' heads at most, and how the gate learns: `epochs` at `rate`, stopped where validation is best
  options: { experts: 4, hidden: 32, epochs: 20, rate: 0.01 },
  ranges: {
    experts: { min: 0, whole: true },
    hidden: { min: 1, whole: true },
    epochs: { min: 0, whole: true },
    rate: { min: 0 },
  },
  sends: ["shared", "head"],
  receives: ["shared", "head.*"],
  keeps: ["own"],
  client: (kit, options) => {
    const base = partlyShared(kit, { share: kit.body, phases: [{ train: () => true }] });
    const gate = new HeadGate(kit, options);
    return {
      initial: () => base.initial() as { shared: Vector },
      *train(turn) {
        const reply = yield* base.train(turn as Base) as Steps<Reply<"shared", "own">>;
        return { ...reply, up: { ...reply.up, head: reply.kept!.own! } };
      },
      *answers(turn) {
        const alone = base.answers(turn as Base) as Answers;
        const others = posted(turn.down as Vectors, "head").filter(({ client }) => client !== turn.client);
        if (options.experts === 0 || others.length === 0 || turn.own.train.count === 0) return alone;
        const own = turn.kept.own ?? kit.initialParts.head;
        const mixed = yield* gate.learn(turn as Turn, turn.down.shared, own, others.map(({ vector }) => vector)); // prettier-ignore
        return { own: mixed, alone: alone.own };
      },
    };
  },
  server: () => ({
    ...beside((name) => name === "shared", averaging(), noticeboard()),
    // heads are for the end alone
    down: (state, { purpose }) => (purpose === "answers" ? state : { shared: state["shared"]! }),
  }),
  traffic: ({ body, head }) => ({ down: body, up: body + head }),
  laws: [{ when: { experts: 0 }, is: "fedper" }],
  presets: { safe: {} },
});
