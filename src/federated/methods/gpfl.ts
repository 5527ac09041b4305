// GPFL (Zhang et al. 2023): features are read twice through a shared valve, once under a condition that is everybody's and once
// under one that is the client's; shared embeddings of classes guide the first, the client's own head reads the second.
import { add } from "../../autograd/ops/add.ts";
import { relu } from "../../autograd/ops/activation.ts";
import { affine, div, mul, sub } from "../../autograd/ops/arithmetic.ts";
import { matmul } from "../../autograd/ops/matmul.ts";
import { crossEntropy, nll } from "../../autograd/ops/nll.ts";
import { gather } from "../../autograd/ops/rows.ts";
import { mean, sum } from "../../autograd/ops/sum.ts";
import { sqrt, square } from "../../autograd/ops/unary.ts";
import { type Tensor, tensor } from "../../autograd/tensor.ts";
import type { Loss } from "../../nn/fit.ts";
import { gaussian } from "../../nn/init.ts";
import { Linear } from "../../nn/layers.ts";
import { EVALUATE, type Mode, type Module, Sequential } from "../../nn/module.ts";
import { LayerNorm } from "../../nn/norm.ts";
import { noGrad } from "../../autograd/op.ts";
import { method, type Method, type Turn, type Vector } from "../method.ts";
import { averaging } from "../servers.ts";
import { countsOf } from "../statistics.ts";

/** Rows at length 1. */
function directions(x: Tensor): Tensor {
  return div(x, sqrt(affine(sum(square(x), { axis: 1, keep: true }), 1, 1e-12)));
}

/** Sum over classes of share times embedding, [features], from embeddings [classes, features] flat; shares sum to 1. */
export function condition(embeddings: Vector, shares: readonly number[]): number[] {
  const width = embeddings.length / shares.length;
  return Array.from({ length: width }, (_, j) =>
    shares.reduce((total, share, c) => total + share * embeddings[c * width + j]!, 0),
  );
}

type Shared = "body" | "embeddings" | "gamma" | "beta";

export const gpfl: Method = method({
  name: "gpfl",
  paper: "arXiv 2308.10279",
  about: "shared class embeddings guide the features, read under a condition of everybody's and one of the client's",
  needsClasses: true,
  // `lambda` holds features to their class' embedding, `mu` decays what guides; without `guide` there is neither guide nor valve
  options: { lambda: 0.01, mu: 0.1, guide: true as boolean },
  ranges: { lambda: { min: 0 }, mu: { min: 0 } },
  sends: ["body", "embeddings", "gamma", "beta"],
  keeps: ["head"],
  client: (kit, { lambda, mu, guide }) => {
    const { features, classes } = kit;
    const { body, head, predict } = kit.pair();
    const half = new Sequential({ fc: new Linear(features, features, { relu: true }), norm: new LayerNorm(features) });
    const table: Module = {
      specs: [{ name: "embeddings", shape: [classes, features], init: gaussian(1) }],
      bind: (of) => () => of[0]!,
    };
    const [embeddings, gamma, beta] = [kit.net(table), kit.net(half), kit.net(half)];
    const model = kit.optimizer([body.parameters, head.parameters]);
    const guides = kit.optimizer([embeddings.parameters, gamma.parameters, beta.parameters], { weightDecay: mu });
    const shared = { body, embeddings, gamma, beta };
    const valve = (z: Tensor, under: readonly number[], mode: Mode): Tensor => {
      const c = tensor(under, [1, features]);
      return relu(add(mul(z, affine(gamma.forward(c, mode), 1, 1)), beta.forward(c, mode)));
    };
    const load = ({ down, kept, own }: Turn<Shared, "head">): { all: number[]; mine: number[] } => {
      for (const name of ["body", "embeddings", "gamma", "beta"] as const) shared[name].parameters.copyFrom(down[name]);
      head.parameters.copyFrom(kept.head ?? kit.initialParts.head);
      const [even, { count }] = [new Array<number>(classes).fill(1 / classes), own.train];
      const shares = count > 0 ? countsOf(own.train.labels, classes).map((n) => n / count) : even;
      return { all: condition(down.embeddings, even), mine: condition(down.embeddings, shares) };
    };
    return {
      initial: () => ({
        body: kit.initialParts.body,
        embeddings: kit.first(table, "embeddings"),
        gamma: kit.first(half, "gamma"),
        beta: kit.first(half, "beta"),
      }),
      *train(turn) {
        const { all, mine } = load(turn);
        const loss: Loss = ({ x, labels }, mode) => {
          const z = body.forward(x, mode);
          if (!guide) return mean(nll(head.forward(z, mode), labels));
          const generic = valve(z, all, mode);
          const known = directions(embeddings.forward(z, mode));
          const guided = crossEntropy(matmul(directions(generic), known, { transB: true }), labels);
          const fit = mean(add(nll(head.forward(valve(z, mine, mode), mode), labels), guided));
          // to the embeddings as they came
          const target = gather(tensor(turn.down.embeddings, [classes, features]), labels);
          const apart = sqrt(affine(sum(square(sub(generic, target))), 1, 1e-12));
          return add(fit, mul(apart, lambda));
        };
        kit.begin(turn, guides);
        const correct = guide ? (): void => guides.step() : undefined;
        const { trainLoss } = yield* kit.train({ turn, loss, optimizer: model, correct });
        const up = {
          body: body.parameters.toArray(),
          embeddings: embeddings.parameters.toArray(),
          gamma: gamma.parameters.toArray(),
          beta: beta.parameters.toArray(),
        };
        return { up, kept: { head: head.parameters.toArray() }, metrics: { trainLoss } };
      },
      answers(turn) {
        const { mine } = load(turn);
        if (!guide) return { own: predict };
        return { own: (x) => head.predict(noGrad(() => valve(body.predict(x), mine, EVALUATE))) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ body, features, classes }) => {
    const all = body + classes * features + 2 * features * (features + 3);
    return { down: all, up: all };
  },
  laws: [{ when: { guide: false }, is: "fedper" }],
  presets: {
    library: { options: { lambda: 0.01, mu: 0.1 }, optimizer: { kind: "sgd", lr: 0.005 }, note: "PFLlib, with a CNN" },
    safe: {},
  },
});
