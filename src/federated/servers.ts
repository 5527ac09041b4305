// Server sides that methods are composed from. State and updates are named vectors; sums run in the order of the cohort in
// double precision, so the same clients give the same bits.
import type { Gathering, Metrics, ServerSide, Update, Vector, Vectors } from "./method.ts";

/** Weighted sums of named vectors, one update after another, so that no vector has to be held. */
export class Sums {
  readonly #sums = new Map<string, { sum: Float64Array; weight: number; like: Vector }>();

  /** Adds a vector, so many times. */
  add(name: string, values: Vector, weight: number, client?: number): void {
    let at = this.#sums.get(name);
    if (!at) this.#sums.set(name, (at = { sum: new Float64Array(values.length), weight: 0, like: values.slice(0, 0) }));
    const { sum } = at;
    if (sum.length !== values.length)
      throw new RangeError(
        `average: ${client === undefined ? "got" : `client ${client} sent`} ${values.length} values of ${name}, ` +
          `expected ${sum.length}; its model differs`,
      );
    addScaled(sum, values, weight);
    at.weight += weight;
  }

  /** The averages of what was added, in its precision; nothing for a name whose weights sum to 0. */
  means(): Vectors {
    return this.#each(({ sum, weight, like }) => (weight > 0 ? rounded(sum, like, weight) : undefined));
  }

  /** What was added, each over the same total. */
  over(total: number): Vectors {
    return this.#each(({ sum, like }) => rounded(sum, like, total));
  }

  #each(of: (at: { sum: Float64Array; weight: number; like: Vector }) => Vector | undefined): Vectors {
    const found: Record<string, Vector> = {};
    for (const [name, at] of this.#sums) {
      const vector = of(at);
      if (vector) found[name] = vector;
    }
    return found;
  }
}

// by itself, so that it is compiled as it is: inside of whatever loop adds a round's updates it takes twice as long
function addScaled(sum: Float64Array, values: Vector, weight: number): void {
  const { length } = sum;
  const fours = length - (length % 4);
  // four at a time take half the time
  for (let i = 0; i < fours; i += 4) {
    sum[i] = sum[i]! + weight * values[i]!;
    sum[i + 1] = sum[i + 1]! + weight * values[i + 1]!;
    sum[i + 2] = sum[i + 2]! + weight * values[i + 2]!;
    sum[i + 3] = sum[i + 3]! + weight * values[i + 3]!;
  }
  for (let i = fours; i < length; i++) sum[i] = sum[i]! + weight * values[i]!;
}

// no callback: a model a round would cost as much as a client's work
function rounded(sum: Float64Array, like: Vector, total: number): Vector {
  const means = like instanceof Float64Array ? new Float64Array(sum.length) : new Float32Array(sum.length);
  for (let i = 0; i < means.length; i++) means[i] = sum[i]! / total;
  return means;
}

export interface Averaging {
  /** The weight of an update's vector: its examples unless said. */
  readonly weight?: (update: Update, name: string) => number;
  /** Where an update's vector goes at the server: under its own name unless said. */
  readonly place?: (name: string, update: Update) => string;
  /** Which vectors are averaged; all of them unless said. */
  readonly only?: (name: string) => boolean;
}

/** Every client counts alike. */
export const alike = (): number => 1;

const byExamples = ({ examples }: Update): number => examples;

/** Every named vector becomes the weighted mean of those that were sent; what nobody sent stays as it was. */
export function averaging({ weight = byExamples, place, only: is }: Averaging = {}): ServerSide {
  return {
    additive: place === undefined && is === undefined,
    weighs: weight === byExamples ? "examples" : weight === alike ? "alike" : undefined,
    begin: (initial) => initial,
    gather: (state) => {
      const sums = new Sums();
      return {
        spends: true,
        add: (update) => {
          for (const [name, values] of Object.entries(update.up))
            if (is?.(name) ?? true)
              sums.add(place?.(name, update) ?? name, values, weight(update, name), update.client);
        },
        result: () => ({ ...state, ...sums.means() }),
      };
    },
  };
}

/** One step of a server's optimiser: from a vector, the direction inner found, and what it remembers, to the same. */
export interface ServerStep {
  /** Names and first values of what it remembers, for a vector like this. */
  begin(like: Vector): Vectors;
  /** From `w`, where the inner server would have gone to `target`. */
  step(w: Vector, target: Vector, memory: Vectors): { readonly w: Vector; readonly memory: Vectors };
}

/**
 * Another server side whose result is taken for a direction rather than for the next state (Reddi et al. 2020, arXiv
 * 2003.00295). What the optimiser remembers of vector `of` is state as `of.name`, and is not sent.
 */
export function stepping(inner: ServerSide, of: string, optimizer: ServerStep): ServerSide {
  const isOurs = (name: string): boolean => name.startsWith(`${of}.`);
  const memory = (state: Vectors): Vectors =>
    Object.fromEntries(
      Object.entries(state).flatMap(([name, v]) => (isOurs(name) ? [[name.slice(of.length + 1), v]] : [])),
    );
  const named = (vectors: Vectors): Vectors =>
    Object.fromEntries(Object.entries(vectors).map(([name, v]) => [`${of}.${name}`, v]));
  const rest = (state: Vectors): Vectors => without(state, isOurs);
  return {
    additive: inner.additive ?? false,
    weighs: inner.weighs,
    begin: (initial) => {
      const state = inner.begin(initial);
      return { ...state, ...named(optimizer.begin(state[of]!)) };
    },
    down: (state, to) => inner.down?.(rest(state), to) ?? rest(state),
    gather: (state, round): Gathering => {
      const gathering = inner.gather(rest(state), round);
      return {
        spends: gathering.spends ?? false,
        add: (update) => gathering.add(update),
        result: () => {
          const next = gathering.result();
          const stepped = optimizer.step(state[of]!, next[of]!, memory(state));
          return { ...next, [of]: stepped.w, ...named(stepped.memory) };
        },
      };
    },
  };
}

/** Two servers, each with vectors of its own: those that `is` names are the first one's. */
export function beside(is: (name: string) => boolean, one: ServerSide, other: ServerSide): ServerSide {
  const part = (vectors: Vectors, mine: boolean): Vectors => without(vectors, (name) => is(name) !== mine);
  return {
    begin: (initial) => ({ ...one.begin(initial), ...other.begin(initial) }),
    gather: (state, round) => {
      const [first, second] = [one.gather(part(state, true), round), other.gather(part(state, false), round)];
      return {
        add: (update) => {
          first.add({ ...update, up: part(update.up, true) });
          second.add({ ...update, up: part(update.up, false) });
        },
        result: () => ({ ...first.result(), ...second.result() }),
      };
    },
  };
}

/** Vectors but for those of these names. */
export function without(vectors: Vectors, is: (name: string) => boolean): Vectors {
  return Object.fromEntries(Object.entries(vectors).filter(([name]) => !is(name)));
}

/** Of a state only these, for a server that remembers more than it sends. */
export function only(...names: readonly string[]): (state: Vectors) => Vectors {
  return (state) => Object.fromEntries(names.flatMap((name) => (state[name] ? [[name, state[name]]] : [])));
}

export interface Board {
  /** What is remembered instead of the newest; by name. */
  readonly merge?: Readonly<Record<string, (before: Vector | undefined, now: Vector) => Vector>>;
  /** Scalars to remember as well, as vectors of one. */
  readonly metrics?: readonly (keyof Metrics & string)[];
}

/**
 * A server that only remembers: the newest of every vector a client sent, as `name.client`. What a client is sent of it is
 * the method's `down`; a federation without a server is one whose board everybody reads.
 */
export function noticeboard({ merge = {}, metrics = [] }: Board = {}): ServerSide {
  return {
    begin: (initial) => initial,
    gather: (state) => {
      const next: Record<string, Vector> = { ...state };
      return {
        add: ({ client, up, metrics: scalars }) => {
          for (const [name, values] of Object.entries(up)) {
            const place = `${name}.${client}`;
            next[place] = merge[name]?.(next[place], values) ?? values;
          }
          for (const name of metrics) next[`${name}.${client}`] = Float64Array.of(scalars[name]!);
        },
        result: () => next,
      };
    },
  };
}

/** Whose vectors of this name are on a noticeboard, ascending. */
export function posted(state: Vectors, name: string): { readonly client: number; readonly vector: Vector }[] {
  return Object.entries(state)
    .flatMap(([place, vector]) => {
      const client = place.startsWith(`${name}.`) ? Number(place.slice(name.length + 1)) : NaN;
      return Number.isInteger(client) ? [{ client, vector }] : [];
    })
    .sort((a, b) => a.client - b.client);
}
