// A module with parameters of its own: what is trained, copied and sent.
import { noGrad } from "../autograd/op.ts";
import { inScope, named, scope, type Tensor } from "../autograd/tensor.ts";
import { fold, type Key, key } from "../runtime/random.ts";
import { EVALUATE, type Forward, type Mode, type Module } from "./module.ts";
import { type Group, Parameters } from "./parameters.ts";

/** Whose parameters these are, and whether they learn. */
export interface NetOptions<G extends Group> {
  /** May these parameters leave the client? */
  readonly group: G;
  /** A frozen net has no gradients. */
  readonly trainable?: boolean;
}

// so that their values have a type: what chooses classes by number comes behind a net
function floats(y: Tensor): Tensor<"f32"> {
  if (y.dtype !== "f32") throw new TypeError(`net: output, got ${named(y)}, expected f32`);
  return y as Tensor<"f32">;
}

/** A module and its parameters. */
export class Net<G extends Group = Group> {
  /** What runs. */
  readonly module: Module;
  /** What it runs on: one flat vector with a view for each parameter. */
  readonly parameters: Parameters<G>;
  readonly #forward: Forward;

  /** Parameters are allocated and undefined: follow with `init` or `parameters.copyFrom`. */
  constructor(module: Module, { group, trainable = true }: NetOptions<G>) {
    this.module = module;
    this.parameters = new Parameters(module.specs, group, { trainable });
    this.#forward = module.bind(this.parameters.tensors, 0);
  }

  /** Draws first values; the same seed or key always draws the same, whatever was drawn before. */
  init(seed: number | Key): this {
    const root = typeof seed === "number" ? key(seed) : seed;
    this.module.specs.forEach(({ name, init }, i) => init(this.parameters.tensors[i]!, fold(root, name)));
    return this;
  }

  /** Runs on a batch; `mode` is evaluation unless said. */
  forward(x: Tensor, mode: Mode = EVALUATE): Tensor<"f32"> {
    return floats(this.#forward(x, mode));
  }

  /** Runs on a batch in evaluation mode, without history. Of what that takes only the answer is left, also outside a scope. */
  predict(x: Tensor): Tensor<"f32"> {
    const answer = (): Tensor<"f32"> => noGrad(() => this.forward(x));
    return inScope() ? answer() : scope(answer);
  }

  /** A net of the same module with a copy of these parameters. */
  clone<H extends Group>(options: NetOptions<H>): Net<H> {
    const copy = new Net(this.module, options);
    copy.parameters.copyFrom(this.parameters);
    return copy;
  }

  /** Frees its memory now rather than when it is collected. */
  dispose(): void {
    this.parameters.dispose();
  }
}
