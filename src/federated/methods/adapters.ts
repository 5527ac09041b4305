// What methods with adapters have in common: a model whose linear layers have something beside them, and first rounds that make the
// model which then stands still. There is no pre-trained one here, so the first rounds are FedAvg's.
import { adapted as withBeside, isBeside, placeOf } from "../../nn/adapted.ts";
import type { Module, Site } from "../../nn/module.ts";
import type { Net } from "../../nn/net.ts";
import type { Part } from "../../nn/parameters.ts";
import type { Steps } from "../../runtime/steps.ts";
import type { Kit } from "../kit.ts";
import type { Answers, ClientSide, Range, Reply, ServerSide, Turn, Vector, Vectors } from "../method.ts";
import { sharedModel } from "./sharedModel.ts";

/**
 * Options of every method with adapters. `rank` is how many columns the two factors have, their product counts alpha / rank; `layers`
 * says which linear layers have one: all, or those whose names have one of these words in them, joined by +; the first `warm` rounds
 * are FedAvg's and make the model which then stands still.
 */
export const usual = { rank: 4, alpha: 8, layers: "all", warm: 2 };
export type Usual = typeof usual;

const WHOLE = { min: 0, whole: true } as const;

/** What these options may be. */
export const usualRanges: { readonly [N in "rank" | "warm"]: Range } = { rank: { min: 1, whole: true }, warm: WHOLE };

/** A model and what is beside some of its layers. */
export interface Adapted {
  readonly module: Module;
  /** The layers that have something beside them, in their order. */
  readonly sites: readonly Site[];
}

/** The kit's model with modules beside the layers that `layers` names; a RangeError where it names none. */
export function adapted(
  { model }: Pick<Kit, "model">,
  layers: string,
  make: (site: Site, at: number) => Module,
): Adapted {
  const [known, sites]: [string[], Site[]] = [[], []];
  const words = layers.split("+");
  const module = withBeside(model, (site) => {
    known.push(site.name);
    if (layers !== "all" && !words.some((word) => word !== "" && site.name.includes(word))) return undefined;
    return make(site, sites.push(site) - 1);
  });
  if (known.length === 0)
    throw new RangeError("adapters: model, got one without a linear layer of ours; use a Sequential of such layers");
  if (sites.length === 0)
    throw new RangeError(`adapters: layers, got ${layers}, expected all or a part of ${known.join(", ")}`);
  return { module, sites };
}

/** Which parameters of an adapted model are the model's. */
export const isBase: Part = (name) => !isBeside(name);

/** Of a vector in a module's layout those parameters, as `parameters.read` has them. */
export function partOf({ specs }: Pick<Module, "specs">, values: Vector, part: Part): Vector {
  let [from, to] = [0, 0];
  const found = values.slice();
  for (const { name, shape } of specs) {
    const size = shape.reduce((n, one) => n * one, 1);
    if (part(name)) {
      found.set(values.subarray(from, from + size), to);
      to += size;
    }
    from += size;
  }
  return found.slice(0, to);
}

/** A model's parameters with a low-rank product taken into each weight, in the model's own layout: W + scale B A. */
export function merged({ specs }: Module, values: Vector, scale: number): Vector {
  const found = values.slice();
  const at = new Map<string, { from: number; shape: readonly number[] }>();
  let from = 0;
  for (const { name, shape } of specs) {
    at.set(name, { from, shape });
    from += shape.reduce((n, one) => n * one, 1);
  }
  for (const [name, a] of at) {
    if (!isBeside(name) || placeOf(name).own !== "a") continue;
    const { site } = placeOf(name);
    const w = at.get(`${site}.weight`) ?? at.get(`${site}_weight`) ?? at.get("weight")!;
    const b = at.get(name.slice(0, -1) + "b")!;
    const [rank, inputs] = a.shape as readonly [number, number];
    for (let i = 0; i < w.shape[0]! * inputs; i++) {
      const [row, column] = [Math.floor(i / inputs), i % inputs];
      let sum = 0;
      for (let r = 0; r < rank; r++) sum += values[b.from + row * rank + r]! * values[a.from + r * inputs + column]!;
      found[w.from + i]! += scale * sum;
    }
  }
  return partOf({ specs }, found, isBase);
}

/** First values of what is beside a model's layers, or of a part of it: the same for everybody. */
export function firstBeside(kit: Kit, module: Module, part: Part = isBeside): Vector {
  return partOf(module, kit.first(module, "adapters"), part);
}

/** Puts the model that stands still and vectors of other parts into a net. */
export function loaded(net: Net, model: Vector, parts: readonly (readonly [Part, Vector])[]): void {
  net.parameters.write(isBase, model);
  for (const [part, values] of parts) net.parameters.write(part, values);
}

/** A client side of which the first rounds are FedAvg's: until it is sent more than a model. */
export function overBase<Up extends string, Down extends string, Kept extends string>(
  kit: Kit,
  side: Omit<ClientSide<Up, Down, Kept>, "initial">,
): ClientSide<Up | "model?", Down | "model", Kept> {
  type Replies = Reply<Up | "model?", Kept>;
  const base = sharedModel(kit);
  const isWarm = ({ down }: Turn<Down | "model", Kept>): boolean => Object.keys(down).length === 1;
  const plain = (turn: Turn<Down | "model", Kept>): Turn<"model", never> => turn as unknown as Turn<"model", never>;
  const rest = (turn: Turn<Down | "model", Kept>): Turn<Down, Kept> => turn as unknown as Turn<Down, Kept>;
  const { taken } = side;
  return {
    initial: () => ({ model: kit.initial }),
    *train(turn) {
      const steps = isWarm(turn) ? base.train(plain(turn)) : side.train(rest(turn));
      return yield* steps as Steps<Replies>;
    },
    *answers(turn) {
      const found = isWarm(turn) ? base.answers(plain(turn)) : side.answers(rest(turn));
      return "own" in found ? (found as Answers) : yield* found as Steps<Answers>;
    },
    ...(taken && {
      taken: (turn: Turn<Down | "model", Kept>, reply: Replies) =>
        (isWarm(turn) ? { ...turn.down, ...reply.up } : taken(rest(turn), reply as unknown as Reply<Up, Kept>)) as Turn<
          Down | "model",
          Kept
        >["down"],
    }),
  };
}

/** A server side whose state has `firsts` beside the model from round `warm` on. @param firsts of the state that it is added to */
export function warmed(
  inner: ServerSide,
  { warm, firsts }: { readonly warm: number; readonly firsts: (state: Vectors) => Vectors },
): ServerSide {
  const at = (state: Vectors, round: number): Vectors => (round === warm ? { ...state, ...firsts(state) } : state);
  return {
    ...inner,
    additive: false,
    begin: (initial) => at(inner.begin(initial), 0),
    gather: (state, round) => {
      const gathering = inner.gather(state, round);
      return { ...gathering, result: () => at(gathering.result(), round.round + 1) };
    },
  };
}
