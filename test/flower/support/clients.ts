// Clients without an engine, for tests of everything around it: their update is known beforehand.
import type { EvaluateReply, FederatedClient, TrainReply } from "../../../src/federated/client.ts";
import { SharedVector } from "../../../src/federated/shared.ts";
import type { TensorSpec } from "../../../src/federated/shared.ts";
import { Parameters } from "../../../src/nn/parameters.ts";

export const smallModel: readonly TensorSpec[] = [
  { name: "hidden.weight", shape: [4, 3] },
  { name: "hidden.bias", shape: [4] },
];

export function sizeOfModel(specs: readonly TensorSpec[]): number {
  return specs.reduce((total, { shape }) => total + shape.reduce((n, size) => n * size, 1), 0);
}

/** A shared vector of given values, by the only door there is. */
export function sharedVector(specs: readonly TensorSpec[], values: Float32Array): SharedVector {
  const block = new Parameters(specs, "shared", { trainable: false });
  const shared = SharedVector.of(block.copyFrom(values));
  block.dispose();
  return shared;
}

export interface FakeOptions {
  readonly id?: number;
  readonly specs?: readonly TensorSpec[];
  /** Added to every weight in every round. */
  readonly step?: number;
  readonly examples?: number;
  /** Called before the answer of a round; may throw or take its time. */
  readonly before?: (round: number) => void | Promise<void>;
}

/** Adds `step` to every weight. */
export function steppingClient(options: FakeOptions = {}): FederatedClient & { readonly seen: number[] } {
  const { id = 0, specs = smallModel, step = 1, examples = 10, before } = options;
  const seen: number[] = [];
  return {
    id,
    specs,
    metrics: { train: ["loss"], evaluate: ["mean"] },
    seen,
    async train(generalist, round): Promise<TrainReply> {
      await before?.(round);
      seen.push(round);
      const values = generalist.map((value) => value + step);
      return { shared: sharedVector(specs, values), examples, metrics: { loss: 1 / (1 + round) } };
    },
    async evaluate(generalist, round): Promise<EvaluateReply> {
      await before?.(round);
      return { examples, metrics: { mean: generalist.reduce((sum, value) => sum + value, 0) / generalist.length } };
    },
  };
}
