// Modules made of others that do not simply follow each other.
import type { Tensor } from "../autograd/tensor.ts";
import { type Forward, type Mode, type Module, type ParameterSpec, specsOf } from "./module.ts";

/**
 * Children by name, and what is done with them; parameter names are `child.name`, as in PyTorch. A residual block is
 * `new Combined({ body }, ({ body }, x, mode) => add(x, body(x, mode)))`.
 */
export class Combined<Name extends string> implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  readonly #children: readonly (readonly [Name, Module])[];
  readonly #run: (children: Readonly<Record<Name, Forward>>, x: Tensor, mode: Mode) => Tensor;

  constructor(
    children: Readonly<Record<Name, Module>>,
    run: (children: Readonly<Record<Name, Forward>>, x: Tensor, mode: Mode) => Tensor,
  ) {
    this.#children = Object.entries(children) as [Name, Module][];
    this.#run = run;
    this.specs = this.#children.flatMap(specsOf);
  }

  bind(tensors: readonly Tensor[], at: number): Forward {
    let offset = 0;
    const bound = {} as Record<Name, Forward>;
    // addresses as in Sequential
    for (const [i, [name, child]] of this.#children.entries())
      bound[name] = child.bind(tensors.slice(offset, (offset += child.specs.length)), at * 64 + i + 1);
    const run = this.#run;
    return (x, mode) => run(bound, x, mode);
  }
}
