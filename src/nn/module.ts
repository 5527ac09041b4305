// A module says which parameters it has and how to run on them, and holds none itself: one description serves the
// generalist, every specialist and every copy of them.
import type { Tensor } from "../autograd/tensor.ts";
import type { Key } from "../runtime/random.ts";
import type { Initializer } from "./init.ts";
import type { TensorSpec } from "./parameters.ts";

/** How a forward pass runs: evaluation, or training with the address of this pass' random numbers. */
export type Mode = { readonly train: false } | { readonly train: true; readonly key: Key };

/** Evaluation: dropout does nothing. */
export const EVALUATE: Mode = { train: false };

/** A module bound to parameters. */
export type Forward = (x: Tensor, mode: Mode) => Tensor;

export interface ParameterSpec extends TensorSpec {
  /** Draws its first values. */
  readonly init: Initializer;
}

/** A linear layer of a module. */
export interface Site {
  /** Its name in the module, as its parameters' without `.weight`. */
  readonly name: string;
  /** Numbers of a row that it takes. */
  readonly inputs: number;
  /** Numbers of a row that it gives. */
  readonly outputs: number;
}

/** What is put beside a linear layer: a module from rows [rows, inputs] to [rows, outputs], or nothing. */
export type Beside = (site: Site) => Module | undefined;

/** Parameters by name and shape, and how to run on them. */
export interface Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  /**
   * Resolves parameters once, so that a step looks nothing up.
   * @param tensors one per spec, in order
   * @param at position of this module in its model, which keys its random numbers apart from its siblings'
   */
  bind(tensors: readonly Tensor[], at: number): Forward;
  /** The model in two, where it can be taken apart; the parts' specs are the model's in their order. */
  split?(): Parts;
  /**
   * This module with others beside its linear layers, whose outputs are added to theirs: see `adapted`. Layers and sequences need none.
   */
  adapted?(beside: Beside): Module;
}

/** A model in two: features, and what makes answers of them. */
export interface Parts {
  /** From inputs to features. */
  readonly body: Module;
  /** From features to answers. */
  readonly head: Module;
}

/** Modules by name, in the order in which they run. */
export type Children = Readonly<Record<string, Module>> | readonly (readonly [name: string, module: Module])[];

/** A child's parameters, as its parent calls them: `child.weight`. */
export function specsOf([child, { specs }]: readonly [string, Pick<Module, "specs">]): ParameterSpec[] {
  return specs.map((spec) => ({ ...spec, name: `${child}.${spec.name}` }));
}

/**
 * Modules in order, each on the output of the one before; parameter names are `child.name`, as in PyTorch. Names that are
 * whole numbers stand in pairs [name, module] in a list: an object would put them first, wherever they were written.
 */
export class Sequential implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[];
  /** The modules by name, in their order. */
  readonly children: readonly (readonly [name: string, module: Module])[];
  readonly #names: readonly string[];
  readonly #children: readonly Module[];

  constructor(children: Children) {
    const pairs = named(children);
    this.children = pairs;
    this.#names = pairs.map(([name]) => name);
    this.#children = pairs.map(([, child]) => child);
    // as specsOf, written out: every page carries it
    this.specs = pairs.flatMap(([child, { specs }]) =>
      specs.map((spec) => ({ ...spec, name: `${child}.${spec.name}` })),
    );
  }

  bind(tensors: readonly Tensor[], at: number): Forward {
    return chain(this.#children, tensors, at, 0);
  }

  /**
   * This model in two: what comes before a child, and the rest. Names, order and addresses stay as they are, so the parts'
   * vectors behind each other are the model's.
   * @param before name of a child; the last one with parameters unless said
   */
  split(before: string = this.#names[this.#children.findLastIndex(({ specs }) => specs.length > 0)]!): Parts {
    const cut = this.#names.indexOf(before);
    if (cut < 1) throw new RangeError(`split: got ${before}, expected one of ${this.#names.slice(1).join(", ")}`);
    const count = this.#children.slice(0, cut).reduce((n, { specs }) => n + specs.length, 0);
    const part = (children: readonly Module[], first: number, specs: readonly ParameterSpec[]): Module => ({
      specs,
      bind: (tensors, at) => chain(children, tensors, at, first),
    });
    return {
      body: part(this.#children.slice(0, cut), 0, this.specs.slice(0, count)),
      head: part(this.#children.slice(cut), cut, this.specs.slice(count)),
    };
  }
}

function named(children: Children): readonly (readonly [string, Module])[] {
  if (!Array.isArray(children)) {
    const names = Object.keys(children);
    const moved = names.find((name) => /^(0|[1-9][0-9]*)$/.test(name) && Number(name) < 2 ** 32 - 1);
    if (moved !== undefined)
      throw new TypeError(
        `Sequential: name, got ${moved}, which an object puts first wherever it is written; give a list of [name, module]`,
      );
    return Object.entries(children as Readonly<Record<string, Module>>);
  }
  const pairs = children as readonly (readonly [string, Module])[];
  const twice = pairs.find(([name], i) => pairs.findIndex(([other]) => other === name) < i);
  if (twice)
    throw new RangeError(`Sequential: name, got ${twice[0]} twice, expected a name of its own for each module`);
  return pairs;
}

// children in order; `first` is the place of the first one among all
function chain(children: readonly Module[], tensors: readonly Tensor[], at: number, first: number): Forward {
  let offset = 0;
  const steps = children.map((child, i) => {
    const own = tensors.slice(offset, (offset += child.specs.length));
    // room for 64 children a level keeps addresses of nested models apart
    return child.bind(own, at * 64 + first + i + 1);
  });
  return (x, mode) => {
    for (let i = 0; i < steps.length; i++) x = steps[i]!(x, mode);
    return x;
  };
}

/** A module made of a function without parameters. */
export class Apply implements Module {
  /** What its parameters are called, how large they are and how they begin, in the order of a flat vector. */
  readonly specs: readonly ParameterSpec[] = [];
  readonly #fn: (x: Tensor) => Tensor;

  constructor(fn: (x: Tensor) => Tensor) {
    this.#fn = fn;
  }

  bind(): Forward {
    const fn = this.#fn;
    return (x) => fn(x);
  }
}
