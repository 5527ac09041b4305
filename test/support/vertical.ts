// Vertical federations of made-up columns, and the whole models that they are the parts of.
import { add } from "../../src/autograd/ops/add.ts";
import { mul } from "../../src/autograd/ops/arithmetic.ts";
import { slice } from "../../src/autograd/ops/slice.ts";
import { logSoftmax } from "../../src/autograd/ops/softmax.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import type { Host } from "../../src/federated/hosts/host.ts";
import {
  Active,
  type ActiveOptions,
  Parties,
  Party,
  runVertical,
  unasked,
  type VerticalRound,
} from "../../src/federated/vertical/index.ts";
import {
  Apply,
  FeatureExamples,
  likelihood,
  Linear,
  Net,
  Sequential,
  topKWeights,
  trainEpoch,
} from "../../src/nn/index.ts";
import { type Module, specsOf } from "../../src/nn/module.ts";
import { optimizerOf, type OptimizerRule } from "../../src/nn/rule.ts";
import { fold, type Key, key, Stream } from "../../src/runtime/random.ts";

export const CLASSES = 3;
/** The address of all random numbers. */
export const root: Key = key(5);

export interface Shape {
  /** Columns of the active party first. */
  readonly columns: readonly number[];
  readonly k: number;
  readonly width: number;
  readonly rows?: number;
  readonly batchSize?: number;
  readonly noise?: number;
  readonly gated?: boolean;
  readonly optimizer?: OptimizerRule;
}

export const adam: OptimizerRule = { kind: "adam", lr: 0.01 };

function data(columns: number, rows: number): { x: Float32Array; labels: Int32Array } {
  const stream = new Stream(fold(root, "data", columns));
  const x = Float32Array.from({ length: rows * columns }, () => 2 * stream.uniform() - 1);
  const labels = Int32Array.from({ length: rows }, (_, i) => {
    const sum = x.subarray(i * columns, (i + 1) * columns).reduce((a, b, j) => a + (j % 2 ? b : -b), 0);
    return sum < -0.3 ? 0 : sum < 0.3 ? 1 : 2;
  });
  return { x, labels };
}

function part(x: Float32Array, all: number, from: number, width: number): Float32Array {
  return Float32Array.from(
    { length: (x.length / all) * width },
    (_, i) => x[Math.floor(i / width) * all + from + (i % width)]!,
  );
}

export const encoder = (inputs: number, width: number): Module =>
  new Sequential({ fc1: new Linear(inputs, 5, { relu: true }), fc2: new Linear(5, width) });
export const head = (width: number): Module =>
  new Sequential({ fc: new Linear(width, CLASSES), output: new Apply(logSoftmax) });

/** Everybody of a federation, the whole model over all columns that they are the parts of, and all weights of the parts. */
export interface Made {
  readonly active: Active;
  readonly parties: readonly Party[];
  readonly joint: Net;
  readonly whole: FeatureExamples;
  readonly state: () => Float32Array;
  readonly optimizer: OptimizerRule;
}

/** Everybody of a federation, and the whole model over all columns that they are the parts of. */
export function made({ columns, k, width, rows = 30, noise = 0, gated = true, optimizer = adam }: Shape): Made {
  const [mine = 0, ...others] = columns;
  const all = columns.reduce((a, b) => a + b, 0);
  const { x, labels } = data(all, rows);
  const starts = columns.map((_, i) => columns.slice(0, i).reduce((a, b) => a + b, 0));
  const examples = (i: number, marks: ArrayLike<number>): FeatureExamples =>
    columns[i]! > 0
      ? new FeatureExamples({ x: part(x, all, starts[i]!, columns[i]!), labels: marks, shape: [columns[i]!] })
      : new FeatureExamples({ x: new Float32Array(rows).fill(1), labels: marks, shape: [1] });
  const none = new Int32Array(rows);
  const parties = others.map((inputs, p) => {
    const own = examples(p + 1, none);
    const options = { columns: { train: own, test: own }, encoder: encoder(inputs, width) };
    return new Party({ name: `party ${p}`, ...options, optimizer, key: fold(root, "party", p) });
  });
  const own = examples(0, labels);
  const options: ActiveOptions = {
    examples: { train: own, test: own },
    ...(mine > 0 && { own: encoder(mine, width) }),
    ...(gated && { gate: new Linear(Math.max(1, mine), others.length) }),
    head: head(width),
    parties: others.length,
    width,
    k,
    noise,
    balance: 0,
    optimizer,
    key: fold(root, "active"),
  };
  const active = new Active(options);
  const nets = {
    ...active.learner.nets,
    ...Object.fromEntries(parties.map((one, p) => [`party${p}`, one.learner.nets.encoder!])),
  };
  const modules = Object.entries(nets).map(([name, net]) => [name, net.module] as const);
  const cut = (of: Tensor, i: number): Tensor => slice(of, { axis: 1, from: starts[i]!, to: starts[i]! + columns[i]! });
  const joint = new Net(
    {
      specs: modules.flatMap(specsOf),
      bind(tensors, at) {
        let from = 0;
        const run = Object.fromEntries(
          modules.map(([name, module], i) => [
            name,
            module.bind(tensors.slice(from, (from += module.specs.length)), at * 64 + i + 1),
          ]),
        );
        return (whole, mode) => {
          const weights = run["gate"] && topKWeights(run["gate"](cut(whole, 0), mode), k);
          let z = run["own"]?.(cut(whole, 0), mode);
          others.forEach((_, p) => {
            const e = run[`party${p}`]!(cut(whole, p + 1), mode);
            const one = weights ? mul(e, slice(weights, { axis: 1, from: p, to: p + 1 })) : e;
            z = z ? add(z, one) : one;
          });
          return run["head"]!(z!, mode);
        };
      },
    },
    { group: "private" },
  );
  const state = (): Float32Array =>
    Float32Array.from(Object.values(nets).flatMap(({ parameters }) => [...parameters.toArray()]));
  joint.parameters.copyFrom(state());
  return { active, parties, joint, whole: new FeatureExamples({ x, labels, shape: [all] }), state, optimizer };
}

export async function train(
  { active, parties }: Made,
  { width, batchSize = 8 }: Shape,
  rounds = 2,
  host: Host = new Parties(parties),
): Promise<VerticalRound[]> {
  const reports: VerticalRound[] = [];
  const from = { round: 0, asked: unasked(parties.length) };
  await runVertical({
    active,
    host,
    rounds,
    batchSize,
    width,
    key: fold(root, "train"),
    from,
    onRound: (one) => void reports.push(one),
  });
  return reports;
}

export function trainWhole({ joint, whole, optimizer }: Made, { batchSize = 8 }: Shape, rounds = 2): number[] {
  const steps = optimizerOf(optimizer, [joint.parameters]);
  return Array.from({ length: rounds }, (_, round) =>
    trainEpoch({
      examples: whole,
      loss: likelihood(joint),
      optimizer: steps,
      batchSize,
      key: fold(root, "train", "round", round),
    }),
  );
}
