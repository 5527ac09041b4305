// FedMoE-DA (Zhan et al. 2024): every client has a mixture of experts. Body and gate go through a server; experts go from client to
// client, each averaged with the few, of whatever place and client, whose columns of the gate point the same way.
import { nll } from "../../autograd/ops/nll.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { noGrad } from "../../autograd/op.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import { Linear } from "../../nn/layers.ts";
import { EVALUATE, type Mode } from "../../nn/module.ts";
import { method, type Method, type Turn, type Vector, type Vectors } from "../method.ts";
import { mixedLogp } from "../mixed.ts";
import { averaging } from "../servers.ts";
import { combination } from "../vectors.ts";
import { expertOf, matched } from "./matches.ts";

const COUNT = { min: 1, whole: true } as const;

export const fedmoeda: Method = method({
  name: "fedmoe-da",
  paper: "arXiv 2411.02115",
  after: "abstract",
  about:
    "a mixture of experts at every client; body and gate are averaged, experts are exchanged with those that are like them",
  needsClasses: true,
  // each expert takes of `peers` others; whom, is found anew every `refresh` rounds
  options: { experts: 4, peers: 3, tau: 1, refresh: 5 },
  ranges: { experts: COUNT, peers: { min: 0, whole: true }, tau: { min: 1e-6 }, refresh: COUNT },
  sends: ["body", "gate", "expert.*"],
  receives: ["body", "gate", "peer.*", "matches?"],
  peers: ["peer.*"],
  keeps: ["expert.*"],
  client: (kit, { experts: count }) => {
    const body = kit.net(kit.parts.body);
    const module = new Linear(kit.features, count);
    const gate = kit.net(module);
    const experts = Array.from({ length: count }, () => kit.net(kit.parts.head));
    const optimizer = kit.optimizer([body, gate, ...experts].map(({ parameters }) => parameters));
    const firsts = experts.map((_, e) => (e === 0 ? kit.initialParts.head : kit.first(kit.parts.head, expertOf(e))));
    const load = ({ down, kept }: Turn<"body" | "gate" | "peer.*" | "matches?", "expert.*">): void => {
      body.parameters.copyFrom(down.body);
      gate.parameters.copyFrom(down.gate);
      const own = firsts.map((first, e) => (kept as Vectors)[expertOf(e)] ?? first);
      const flat = Array.from((down as Vectors)["matches"] ?? []);
      experts.forEach(({ parameters }, e) => {
        const terms: [number, Vector][] = [];
        for (let i = 0; i < flat.length; i += 4) {
          const [to, client, expert, weight] = flat.slice(i, i + 4) as [number, number, number, number];
          // its own it has
          if (to === e) terms.push([weight, (down as Vectors)[`peer.${client}.${expert}`] ?? own[expert]!]);
        }
        parameters.copyFrom(terms.length > 0 ? combination(terms) : own[e]!);
      });
    };
    const answer = (x: Tensor, mode: Mode): Tensor => {
      const z = body.forward(x, mode);
      return mixedLogp(
        experts.map((expert) => expert.forward(z, mode)),
        logSoftmax(gate.forward(z, mode)),
      );
    };
    return {
      initial: () => ({ body: kit.initialParts.body, gate: kit.first(module, "gate") }),
      *train(turn) {
        load(turn);
        const loss = ({ x, labels }: { x: Tensor; labels: Tensor }, mode: Mode): Tensor =>
          mean(nll(answer(x, mode), labels));
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer });
        const own = Object.fromEntries(
          experts.map(({ parameters }, e) => [expertOf(e), parameters.toArray()] as const),
        );
        return {
          up: { body: body.parameters.toArray() as Vector, gate: gate.parameters.toArray() as Vector, ...own },
          kept: own,
          metrics: { trainLoss },
        };
      },
      answers(turn) {
        load(turn);
        return { own: (x) => noGrad(() => answer(x, EVALUATE)) };
      },
    };
  },
  server: ({ experts, refresh, ...near }) => {
    const means = averaging({ only: (name) => name === "body" || name === "gate" });
    return {
      ...means,
      gather: (state, round) => {
        const sums = means.gather(state, round);
        const now: Record<string, Vector> = {};
        return {
          add: (update) => {
            sums.add(update);
            const { client, up } = update;
            for (let e = 0; e < experts; e++) now[`${expertOf(e)}.${client}`] = up[expertOf(e)]!;
            const column = `column.${client}`;
            if (round.round % refresh === 0 || !state[column]) now[column] = up["gate"]!;
          },
          result: () => ({ ...sums.result(), ...now }),
        };
      },
      down: (state, { client }) => ({
        body: state["body"]!,
        gate: state["gate"]!,
        ...matched(state, client, { experts, ...near }),
      }),
    };
  },
  laws: [{ when: { experts: 1, peers: 0 }, is: "fedper" }],
  presets: {
    library: {
      options: { experts: 8, peers: 5, tau: 1, refresh: 5 },
      optimizer: { kind: "sgd", lr: 0.01, momentum: 0.9, weightDecay: 1e-4 },
      localEpochs: 5,
      batchSize: 64,
      rounds: 500,
      note: "two repetitions by others; ten of a hundred clients a round",
    },
    safe: {},
  },
});
