// Modules beside linear layers that stand still: what a layer gives is its own answer and the sum of theirs. What they compute is their
// own matter: a low-rank product, or a mixture of several.
import { relu as positive } from "../autograd/ops/activation.ts";
import { add } from "../autograd/ops/add.ts";
import { linear } from "../autograd/ops/matmul.ts";
import { reshape } from "../autograd/ops/reshape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { Linear } from "./layers.ts";
import {
  type Beside,
  EVALUATE,
  type Forward,
  type Mode,
  type Module,
  type ParameterSpec,
  Sequential,
  type Site,
} from "./module.ts";
import type { Part } from "./parameters.ts";

const BESIDE = "beside";

/** Which parameters of an adapted module are what was put beside its layers. */
export const isBeside: Part = (name) => name.split(".").includes(BESIDE);

/** The layer that a parameter beside it belongs to, and what the module there calls it. */
export function placeOf(name: string): { readonly site: string; readonly own: string } {
  const parts = name.split(".");
  const at = parts.indexOf(BESIDE);
  return { site: parts.slice(0, at).join("."), own: parts.slice(at + 1).join(".") };
}

/** What stands beside the layers of a child of this name. */
export function below(beside: Beside, child: string): Beside {
  return ({ name, ...sizes }) => beside({ ...sizes, name: name === "" ? child : `${child}.${name}` });
}

/** A module whose parameters do not learn and whose statistics do not move. */
export function still(module: Module): Module {
  if (module.specs.length === 0) return module;
  const measures = module.specs.some(({ statistic }) => statistic);
  return {
    specs: frozen(module.specs),
    bind: (tensors, at) => {
      const forward = module.bind(tensors, at);
      return measures ? (x) => forward(x, EVALUATE) : forward;
    },
  };
}

/** Parameters as part of the state that nothing moves. */
export function frozen(specs: readonly ParameterSpec[]): ParameterSpec[] {
  return specs.map((spec) => ({ ...spec, statistic: true }));
}

/**
 * A module with others beside its linear layers, whose outputs are added to theirs. Its own parameters keep their names and their order, and
 * stand still; those of the others are called `layer.beside.name`. What has no linear layer of ours stands still as it is.
 */
export function adapted(module: Module, beside: Beside): Module {
  if (module instanceof Sequential)
    return new Sequential(module.children.map(([name, child]) => [name, adapted(child, below(beside, name))] as const));
  if (module instanceof Linear) {
    const { inputs, outputs, relu } = module;
    const side = beside({ name: "", inputs, outputs });
    return side ? new AdaptedLinear(module.specs, side, { inputs, relu }) : still(module);
  }
  return module.adapted?.(beside) ?? still(module);
}

const named = (site: string, { specs }: Module): ParameterSpec[] =>
  specs.map((spec) => ({ ...spec, name: [...(site ? [site] : []), BESIDE, spec.name].join(".") }));

/** A linear layer as it is, with a module beside it. */
export class AdaptedLinear implements Module {
  readonly specs: readonly ParameterSpec[];
  readonly #side: Module;
  readonly #inputs: number;
  readonly #relu: boolean;

  /** @param base the layer's weight and bias */
  constructor(base: readonly ParameterSpec[], side: Module, { inputs, relu }: { inputs: number; relu: boolean }) {
    this.specs = [...frozen(base), ...named("", side)];
    [this.#side, this.#inputs, this.#relu] = [side, inputs, relu];
  }

  bind(tensors: readonly Tensor[], at: number): Forward {
    const [w, b] = tensors as readonly [Tensor, Tensor];
    const side = this.#side.bind(tensors.slice(2), at);
    return (x, mode) => {
      const rows = x.shape.length === 2 ? x : reshape(x, [-1, this.#inputs]);
      const y = add(linear(rows, w, b), side(rows, mode));
      return this.#relu ? positive(y) : y;
    };
  }
}

/** A linear layer over the last axis, x [..., inputs] to [..., outputs]. */
export type Layer = (x: Tensor, mode: Mode) => Tensor;

/** The linear layers inside of one module, and what is beside them. */
export class Sides {
  /** Of all that is beside, in the order of the sites; they follow the module's own. */
  readonly specs: readonly ParameterSpec[];
  readonly #beside: boolean;
  readonly #modules: ReadonlyMap<string, Module>;

  /** @param beside nothing for a module that is not adapted */
  constructor(beside: Beside | undefined, sites: readonly Site[]) {
    const asked = sites.map((site) => [site.name, beside?.(site)] as const);
    this.#beside = beside !== undefined;
    this.#modules = new Map(asked.flatMap(([name, module]) => (module ? [[name, module] as const] : [])));
    this.specs = Array.from(this.#modules, ([name, module]) => named(name, module)).flat();
  }

  /** A module's own parameters: they stand still in one that is adapted. */
  own(specs: readonly ParameterSpec[]): readonly ParameterSpec[] {
    return this.#beside ? frozen(specs) : specs;
  }

  /**
   * Binds what is beside.
   * @param tensors of `specs`
   * @returns what makes a layer of a site's name, weight and bias
   */
  bind(tensors: readonly Tensor[], at: number): (site: string, w: Tensor, b: Tensor) => Layer {
    let from = 0;
    const bound = new Map(
      Array.from(this.#modules, ([name, module], i) => {
        const mine = tensors.slice(from, (from += module.specs.length));
        return [name, module.bind(mine, at * 64 + i + 1)] as const;
      }),
    );
    return (site, w, b) => {
      const side = bound.get(site);
      return (x, mode) => {
        const width = x.shape.at(-1)!;
        const rows = reshape(x, [x.size / width, width]);
        const y = linear(rows, w, b);
        return reshape(side ? add(y, side(rows, mode)) : y, [...x.shape.slice(0, -1), w.shape[0]!]);
      };
    };
  }
}
