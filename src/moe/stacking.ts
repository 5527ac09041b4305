// A gate that learns where its experts are right rather than what they have memorised: it sees their answers, and trains
// on rows neither was fitted to (stacking, Wolpert 1992). On its own training rows a specialist is nearly always right,
// so a gate trained there learns to trust it everywhere.
import { noGrad } from "../autograd/op.ts";
import { mixtureNll } from "../autograd/ops/mixture.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import { gather } from "../autograd/ops/rows.ts";
import { concat } from "../autograd/ops/slice.ts";
import { mul } from "../autograd/ops/arithmetic.ts";
import { mean } from "../autograd/ops/sum.ts";
import { exp } from "../autograd/ops/unary.ts";
import { persistent, scope, type Tensor, tensor } from "../autograd/tensor.ts";
import { FloatExamples } from "../nn/examples.ts";
import { fit } from "../nn/fit.ts";
import { Linear } from "../nn/layers.ts";
import { type Module, Sequential } from "../nn/module.ts";
import { Net } from "../nn/net.ts";
import { Adam } from "../nn/optimizers.ts";
import { fold, type Key, Stream } from "../runtime/random.ts";
import { logit } from "../runtime/scalar.ts";

/** From the experts' probabilities [rows, 2 classes] to a logit; small, because a client has few rows to spare. */
export function answersGate(classes: number): Module {
  return new Sequential({ fc1: new Linear(2 * classes, 16, { relu: true }), fc2: new Linear(16, 1) });
}

/** What the gate sees: both experts' probabilities side by side. */
export function expertFeatures(ls: Tensor, lg: Tensor): Tensor<"f32"> {
  return scope(() => noGrad(() => exp(concat([ls, lg], 1))));
}

/**
 * Trains a gate on held-out rows: half of them to learn from, half to stop early by, so none is needed from elsewhere.
 * @param ls the specialist's log-probabilities on the rows, [rows, classes]
 * @param lg the generalist's
 * @param h the constant weight it starts from
 * @param weights what each row counts, [rows]; alike unless said
 */
export function trainAnswersGate(
  ls: Tensor,
  lg: Tensor,
  labels: ArrayLike<number>,
  h: number,
  key: Key,
  weights?: ArrayLike<number>,
): Net<"private"> {
  const [rows, classes] = ls.shape as readonly [number, number];
  const gate = new Net(answersGate(classes), { group: "private" }).init(fold(key, "init"));
  startConstant(gate, h);
  const features = expertFeatures(ls, lg);
  const examples = new FloatExamples(features, labels);
  const order = new Stream(fold(key, "halves")).shuffle(Int32Array.from({ length: rows }, (_, i) => i));
  const [learn, hold] = [order.slice(0, Math.floor(rows / 2)), order.slice(Math.floor(rows / 2))];
  const optimizer = new Adam(gate.parameters, { lr: 3e-3, weightDecay: 1e-3 });
  const counts = weights && persistent([rows]).set(weights);
  const lossOn = (of: Tensor, x: Tensor, targets: Tensor): Tensor<"f32"> => {
    const losses = mixtureNll(gather(ls, of), gather(lg, of), gate.forward(x), targets);
    return mean(counts ? mul(losses, reshape(gather(reshape(counts, [rows, 1]), of), [of.size])) : losses);
  };
  const held = (): number =>
    scope(() =>
      noGrad(() => {
        const of = tensor(hold, [hold.length], "i32");
        const { x, labels: targets } = examples.batch(of);
        return lossOn(of, x, targets).item();
      }),
    );
  let best = { loss: held(), values: gate.parameters.toArray() };
  fit({
    examples,
    rows: learn,
    loss: ({ x, labels: targets, rows: of }) => lossOn(of, x, targets),
    optimizer,
    batchSize: 10,
    key: fold(key, "fit"),
    epochs: 200,
    validateEvery: 1,
    margin: 0,
    patience: 20,
    validate: () => ({ loss: held(), accuracy: 0 }),
    keep: () => {},
    onValidation: ({ loss }) => {
      if (loss < best.loss) best = { loss, values: gate.parameters.toArray() };
    },
  });
  gate.parameters.copyFrom(best.values);
  optimizer.dispose();
  counts?.dispose();
  examples.dispose();
  features.dispose();
  return gate;
}

// the last layer answers the constant's logit for every input, and learns from there
function startConstant(gate: Net<"private">, h: number): void {
  const [, , weight, bias] = gate.parameters.tensors;
  weight!.set(new Float32Array(weight!.size));
  bias!.set([logit(h)]);
}
