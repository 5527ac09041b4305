// pFedMM (2026): FedEM's mixture on one body. Components are heads, every row is shared out between them, and the body learns from
// all of it; so it costs hardly more than FedAvg.
import { add } from "../../autograd/ops/add.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { tensor } from "../../autograd/tensor.ts";
import type { Steps } from "../../runtime/steps.ts";
import { answering } from "../answering.ts";
import { Tally } from "../tally.ts";
import { method, type Method, type Turn, type Vector, type Vectors } from "../method.ts";
import { mixedAnswer, rowLosses } from "../mixed.ts";
import { averaging } from "../servers.ts";
import { closest } from "./clusters.ts";
import type { Shares } from "./components.ts";
import { expectation } from "./fedem.ts";

const headOf = (k: number): string => `head.${k}`;

export const pfedmm: Method = method({
  name: "pfedmm",
  paper: "github Archipes/pFedMM",
  about:
    "a shared body with a few heads, which all clients train on the rows that each explains; weights are the client's",
  needsClasses: true,
  options: { components: 3 },
  ranges: { components: { min: 1, whole: true } },
  sends: ["body", "head.*"],
  keeps: ["weights"],
  client: (kit, { components }) => {
    const body = kit.net(kit.parts.body);
    const heads = Array.from({ length: components }, () => kit.net(kit.parts.head));
    const optimizer = kit.optimizer([body.parameters, ...heads.map(({ parameters }) => parameters)]);
    const parts = heads.map((head) => answering(body, head));
    const load = (down: Vectors): void => {
      body.parameters.copyFrom(down["body"]!);
      heads.forEach((head, k) => head.parameters.copyFrom(down[headOf(k)]!));
    };
    function* sharesOf({ down, kept, own }: Turn<"body" | "head.*", "weights">): Steps<Shares> {
      load(down);
      const losses: Float64Array[] = [];
      for (const part of parts) losses.push(yield* rowLosses(part, own.train, kit.classes));
      return expectation(losses, kept.weights ?? Float64Array.from(heads, () => 1 / components));
    }
    return {
      initial: () => {
        const first = heads.map((_, k) => [
          headOf(k),
          k === 0 ? kit.initialParts.head : kit.first(kit.parts.head, `component ${k}`),
        ]);
        return { body: kit.initialParts.body, ...(Object.fromEntries(first) as Vectors) };
      },
      *train(turn) {
        const { rows, weights } = yield* sharesOf(turn);
        kit.begin(turn, optimizer);
        const tally = new Tally();
        for (const at of kit.batches(turn)) {
          const of = Array.from(at.rows.toArray());
          const found = kit.step(at, {
            loss: ({ x, labels }, mode) => {
              const z = body.forward(x, mode);
              const losses = heads.map((head, k) => {
                const counts = tensor(of.map((row) => rows[k]![row]!), [of.length]); // prettier-ignore
                return mean(mul(nll(head.forward(z, mode), labels), counts));
              });
              return losses.reduce((sum, loss) => add(sum, loss));
            },
            optimizer,
          });
          tally.add(at, found);
          yield;
        }
        const sent = heads.map((head, k) => [headOf(k), head.parameters.toArray()] as const);
        return {
          up: { body: body.parameters.toArray() as Vector, ...Object.fromEntries(sent) },
          kept: { weights },
          metrics: { trainLoss: tally.trainLoss, cluster: closest(Array.from(weights, (weight) => -weight)) },
        };
      },
      *answers(turn) {
        const { weights } = yield* sharesOf(turn);
        return { own: mixedAnswer(parts, turn.kept.weights ?? weights) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ body, head }, { components }) => ({ down: body + components * head, up: body + components * head }),
  laws: [{ when: { components: 1 }, is: "fedavg" }],
  presets: {
    library: {
      options: { components: 3 },
      optimizer: { kind: "sgd", lr: 0.03 },
      localEpochs: 1,
      batchSize: 128,
      rounds: 200,
      note: "the authors' code, in which the prior information of the abstract is not to be seen",
    },
    safe: {},
  },
});
