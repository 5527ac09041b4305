// A network that makes a model of a few numbers a client, its embedding, and the gradient that a client's update asks of both.
import { backward } from "../../autograd/backward.ts";
import { mul } from "../../autograd/ops/arithmetic.ts";
import { matmul } from "../../autograd/ops/matmul.ts";
import { sum } from "../../autograd/ops/sum.ts";
import { scope, tensor } from "../../autograd/tensor.ts";
import { constant, gaussian } from "../../nn/init.ts";
import { Linear } from "../../nn/layers.ts";
import { type Module, Sequential } from "../../nn/module.ts";
import type { Net } from "../../nn/net.ts";
import type { Kit } from "../kit.ts";
import type { Vector, Vectors } from "../method.ts";
import { plus } from "../vectors.ts";

/** X W^T without a bias, 0 at first, so that every client begins where the model does. */
const output = (inputs: number, outputs: number): Module => ({
  specs: [{ name: "weight", shape: [outputs, inputs], init: constant(0) }],
  bind:
    ([w]) =>
    (x) =>
      matmul(x, w!, { transB: true }),
});

/** An embedding, [1, width], as a module of its own, so that it has a gradient. */
const embedding = (width: number): Module => ({
  specs: [{ name: "embedding", shape: [1, width], init: gaussian(1) }],
  bind:
    ([e]) =>
    () =>
      e!,
});

/** What a round's clients were sent is initial + H(e); the gradient of <H(e), delta> is what their updates ask for. */
export class Hypernet {
  readonly #kit: Kit;
  readonly #net: Net;
  readonly #embedding: Net;
  readonly #fixed: boolean;

  constructor(
    kit: Kit,
    { size, hidden, layers, fixed }: { size: number; hidden: number; layers: number; fixed: boolean },
  ) {
    const inner = Array.from({ length: layers }, (_, i) => new Linear(i === 0 ? size : hidden, hidden, { relu: true }));
    const last = output(layers === 0 ? size : hidden, kit.initial.length);
    [this.#kit, this.#fixed] = [kit, fixed];
    this.#net = kit.net(
      new Sequential(
        Object.fromEntries([...inner.map((layer, i) => [`fc${i}`, layer] as const), ["out", last] as const]),
      ),
    );
    this.#embedding = kit.net(embedding(size));
  }

  /** Its own first weights, flat: the same for everybody. */
  first(): Vector {
    return this.#kit.first(this.#net.module, "hypernet");
  }

  /** A client's embedding: what is known of it, or its first values, which with `fixed` are one of the unit vectors. */
  of(state: Vectors, client: number): Vector {
    const size = this.#embedding.parameters.size;
    if (this.#fixed) return Float64Array.from({ length: size }, (_, i) => Number(i === client % size));
    return state[`embedding.${client}`] ?? this.#kit.first(this.#embedding.module, `embedding ${client}`);
  }

  /** The model of a client, flat: initial + H(e). @param of its embedding e, [size] */
  model(hyper: Vector, of: Vector): Vector {
    this.#load(hyper, of);
    return plus(
      this.#kit.initial,
      scope(() => this.#net.predict(this.#embedding.predict(tensor([0], [1]))).toArray() as Vector),
    );
  }

  /** Gradients of <H(e), delta> by H's weights and by e. @param delta how far the client went from its model, turned round */
  gradient(hyper: Vector, of: Vector, delta: Vector): { hyper: Vector; embedding: Vector } {
    this.#load(hyper, of);
    return scope(() => {
      const made = this.#net.forward(this.#embedding.forward(tensor([0], [1])));
      backward(sum(mul(made, tensor(delta, [1, delta.length]))));
      const found = [this.#net, this.#embedding].map(({ parameters }) => {
        const gradient = parameters.gradient!.toArray() as Vector;
        parameters.spendGradient();
        return gradient;
      });
      return { hyper: found[0]!, embedding: found[1]! };
    });
  }

  #load(hyper: Vector, of: Vector): void {
    this.#net.parameters.copyFrom(hyper);
    this.#embedding.parameters.copyFrom(of);
  }
}
