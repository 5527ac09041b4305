// FedDecomp (Wu et al. 2024), after the abstract: every matrix of a model is a shared one plus a client's own of low rank. The
// own part learns first, then the shared one, which so has less left to learn of the client.
import { add } from "../../autograd/ops/add.ts";
import { matmul } from "../../autograd/ops/matmul.ts";
import { reshape } from "../../autograd/ops/reshape.ts";
import { constant, fanInUniform } from "../../nn/init.ts";
import type { Module, ParameterSpec } from "../../nn/module.ts";
import type { Part } from "../../nn/parameters.ts";
import { answering } from "../answering.ts";
import { method, type Method, type Turn } from "../method.ts";
import { averaging } from "../servers.ts";

const isLow: Part = (name) => name.endsWith(".low_a") || name.endsWith(".low_b");

/**
 * A model with B A added to each of its parameters of two axes or more, with B zero at first. The model's own parameters come
 * first, as they are; then `name.low_b` [outputs, rank] and `name.low_a` [rank, the rest] of each.
 */
export function decomposed(model: Module, rank: number): Module {
  const lowOf = ({ name, shape, statistic }: ParameterSpec): ParameterSpec[] => {
    if (shape.length < 2 || statistic) return [];
    const outputs = shape[0]!;
    const rest = shape.slice(1).reduce((n, size) => n * size, 1);
    const r = Math.min(rank, outputs, rest);
    return [
      { name: `${name}.low_b`, shape: [outputs, r], init: constant(0) },
      { name: `${name}.low_a`, shape: [r, rest], init: fanInUniform(rest) },
    ];
  };
  return {
    specs: [...model.specs, ...model.specs.flatMap(lowOf)],
    bind: (tensors, at) => {
      let next = model.specs.length;
      const pairs = model.specs.map((spec) =>
        lowOf(spec).length > 0 ? ([tensors[next++]!, tensors[next++]!] as const) : undefined,
      );
      // bound anew in every pass, because the sums are new tensors
      return (x, mode) => {
        const sums = pairs.map((pair, i) => {
          const w = tensors[i]!;
          return pair ? add(w, reshape(matmul(...pair), w.shape)) : w;
        });
        return model.bind(sums, at)(x, mode);
      };
    },
  };
}

export const feddecomp: Method = method({
  name: "feddecomp",
  paper: "arXiv 2406.19931",
  about: "every matrix is a shared one plus an own one of low rank; the own one trains first (after the abstract)",
  // epochs of the own part before the shared one has the config's
  options: { rank: 2, lowEpochs: 1 },
  ranges: { rank: { min: 1, whole: true }, lowEpochs: { min: 0, whole: true } },
  sends: ["model"],
  keeps: ["own"],
  client: (kit, { rank, lowEpochs }) => {
    const module = decomposed(kit.model, rank);
    const net = kit.net(module);
    const size = kit.initial.length;
    const first = kit.first(module, "decomposed").subarray(size);
    const low = kit.optimizer(net.parameters, { only: isLow });
    const shared = kit.optimizer(net.parameters, { only: (name) => !isLow(name) });
    const load = ({ down, kept }: Turn<"model", "own">): void => {
      net.parameters.copyFrom([...down.model, ...(kept.own ?? first)]);
    };
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        load(turn);
        const loss = kit.loss(net);
        if (lowEpochs > 0) yield* kit.train({ turn, loss, optimizer: low, epochs: lowEpochs, stream: "low" });
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer: shared });
        const values = net.parameters.toArray();
        return { up: { model: values.slice(0, size) }, kept: { own: values.slice(size) }, metrics: { trainLoss } };
      },
      answers(turn) {
        load(turn);
        return { own: answering(net) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { lowEpochs: 0 }, is: "fedavg" }],
  presets: { safe: {} },
});
