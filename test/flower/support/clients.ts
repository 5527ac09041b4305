// Clients without an engine, for tests of everything around it: their update is known beforehand.
import type { Participant } from "../../../src/federated/backends/flower/index.ts";
import type { TensorSpec } from "../../../src/nn/parameters.ts";

export const smallModel: readonly TensorSpec[] = [
  { name: "hidden.weight", shape: [4, 3] },
  { name: "hidden.bias", shape: [4] },
];

export function sizeOfModel(specs: readonly TensorSpec[]): number {
  return specs.reduce((total, { shape }) => total + shape.reduce((n, size) => n * size, 1), 0);
}

export interface FakeOptions {
  readonly id?: number;
  readonly specs?: readonly TensorSpec[];
  /** Every first weight. */
  readonly first?: number;
  /** Added to every weight in every round. */
  readonly step?: number;
  readonly examples?: number;
  /** Called before the answer of a round; may throw or take its time. */
  readonly before?: (round: number) => void | Promise<void>;
}

/** Adds `step` to every weight. */
export function steppingClient(options: FakeOptions = {}): Participant & { readonly seen: number[] } {
  const { id = 0, specs = smallModel, first = 0, step = 1, examples = 10, before } = options;
  const seen: number[] = [];
  return {
    client: id,
    method: { name: "stepping", sends: ["model"] },
    tensors: specs,
    seen,
    initial: () => ({ model: new Float32Array(sizeOfModel(specs)).fill(first) }),
    async train({ round, down }) {
      await before?.(round);
      seen.push(round);
      const model = Float32Array.from(down["model"]!, (value) => value + step);
      return { up: { model }, examples, metrics: { trainLoss: 1 / (1 + round) } };
    },
    async evaluate({ round, down }) {
      await before?.(round);
      const values = Float32Array.from(down["model"]!);
      return { examples, metrics: { mean: values.reduce((sum, value) => sum + value, 0) / values.length } };
    },
  };
}
