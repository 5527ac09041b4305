// FedBasis (Chen et al. 2023): a few models that everybody shares, and at every client the weights at which they are summed into its own. A turn
// learns first the weights and then the models. Built after the abstract; the weights are a softmax at a temperature.
import { noGrad } from "../../autograd/op.ts";
import { add } from "../../autograd/ops/add.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { copyInto } from "../../autograd/ops/copy.ts";
import { sum } from "../../autograd/ops/sum.ts";
import { scope } from "../../autograd/tensor.ts";
import type { Net } from "../../nn/net.ts";
import { answering } from "../answering.ts";
import type { At } from "../kit.ts";
import { Tally } from "../tally.ts";
import { softmaxAt } from "../mixed.ts";
import { method, type Method, type Vector, type Vectors } from "../method.ts";
import { averaging } from "../servers.ts";
import { between } from "../vectors.ts";

type Bases = Readonly<Record<`basis.${string}`, Vector>>;
const basisOf = (k: number): string => `basis.${k}`;

export const fedbasis: Method = method({
  name: "fedbasis",
  paper: "arXiv 2304.07882",
  after: "abstract",
  about: "a few shared models, summed into each client's own at weights that it learns and keeps",
  // bases begin `apart` of the way to draws of their own; `rate` and `warm` epochs of the weights, at a `temperature`
  options: { bases: 4, rate: 1, warm: 1, temperature: 1, apart: 0.2 },
  ranges: {
    bases: { min: 1, whole: true },
    rate: { min: 0 },
    warm: { min: 0, whole: true },
    temperature: { min: 1e-6 },
    apart: { min: 0, max: 1 },
  },
  sends: ["basis.*"],
  keeps: ["weights"],
  client: (kit, { bases, rate, warm, temperature, apart }) => {
    const nets = Array.from({ length: bases }, () => kit.net());
    const mixed = kit.net();
    const optimizer = kit.optimizer(nets.map(({ parameters }) => parameters));
    const load = (down: Vectors): void => nets.forEach((net, k) => net.parameters.copyFrom(down[basisOf(k)]!));
    const place = (weights: readonly number[]): void =>
      scope(() =>
        noGrad(() => {
          const parts = nets.map(({ parameters }, k) => mul(parameters.values, weights[k]!));
          copyInto(
            mixed.parameters.values,
            parts.reduce((sum, part) => add(sum, part)),
          );
        }),
      );
    const along = (of: Net): number =>
      scope(() => noGrad(() => sum(mul(mixed.parameters.gradient!, of.parameters.values)).item()));
    const push = (at: At, use: () => void, more: { readonly optimizer?: typeof optimizer } = {}): number =>
      kit.step(at, {
        loss: kit.loss(mixed),
        correct: () => {
          use();
          mixed.parameters.spendGradient();
        },
        ...more,
      });
    return {
      initial: () =>
        Object.fromEntries(
          nets.map((_, k) => [
            basisOf(k),
            k === 0 ? kit.initial : between(kit.initial, kit.first(kit.model, `basis ${k}`), apart),
          ]),
        ),
      *train(turn) {
        load(turn.down as Vectors);
        let psi: Vector = turn.kept.weights ?? new Float64Array(bases);
        if (bases > 1 && rate > 0)
          for (const at of kit.batches(turn, { stream: "weights", epochs: warm })) {
            const weights = softmaxAt(psi, temperature);
            place(weights);
            push(at, () => {
              const slopes = nets.map(along);
              const level = slopes.reduce((sum, slope, k) => sum + weights[k]! * slope, 0);
              psi = psi.map((value, k) => value - (rate * weights[k]! * (slopes[k]! - level)) / temperature);
            });
            yield;
          }
        const weights = softmaxAt(psi, temperature);
        kit.begin(turn, optimizer);
        const tally = new Tally();
        for (const at of kit.batches(turn)) {
          place(weights);
          const share = (): void =>
            nets.forEach(({ parameters }, k) => parameters.addGradient(mixed.parameters.gradient!, weights[k]!));
          tally.add(at, push(at, share, { optimizer }));
          yield;
        }
        const sent = nets.map(({ parameters }, k) => [basisOf(k), parameters.toArray()] as const);
        return {
          up: Object.fromEntries(sent) as Bases,
          kept: { weights: psi },
          metrics: { trainLoss: tally.trainLoss },
        };
      },
      answers({ down, kept }) {
        load(down as Vectors);
        place(softmaxAt(kept.weights ?? new Float64Array(bases), temperature));
        return { own: answering(mixed) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }, { bases }) => ({ down: bases * model, up: bases * model }),
  laws: [{ when: { bases: 1 }, is: "fedavg" }],
  presets: { safe: {} },
});
