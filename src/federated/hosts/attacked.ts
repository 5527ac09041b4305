// Clients that lie, in a simulation: what some of them answer is changed on its way to the server, by the seed and alike for
// all methods. What the server makes of it is the server's affair, as with a real liar.
import { isRejection, type Rejection } from "../admission.ts";
import type { Update, Vector } from "../method.ts";
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { addressedNoise } from "../privacy/noise.ts";
import { minus, normOf } from "../vectors.ts";
import { Around } from "./around.ts";
import type { Host, Order } from "./host.ts";

export type AttackKind =
  "sign-flip" | "scaled" | "noise" | "colluding" | "not-a-number" | "huge" | "wrong-length" | "counts" | "label-flip";

/** How a liar's vector comes from the honest one and from what it was sent. */
type Lie = (at: { honest: Vector; base: Vector | undefined; scale: number; key: Key; round: number }) => Vector;

const away =
  (direction: (value: number, from: number, scale: number) => number): Lie =>
  ({ honest, base, scale }) =>
    honest.map((value, i) => direction(value, base?.[i] ?? 0, scale));

function normOfMove(honest: Vector, base: Vector | undefined): number {
  return normOf(base ? minus(honest, base) : honest);
}

// along a direction of normal numbers, `scale` times as far as the honest move
const along: Lie = ({ honest, base, scale, key, round }) => {
  const direction = new Float64Array(honest.length);
  addressedNoise(key)(direction, 1, { what: "lie", round });
  const step = (scale * normOfMove(honest, base)) / Math.sqrt(direction.length);
  return honest.map((_, i) => (base?.[i] ?? 0) + step * direction[i]!);
};

const lies: Readonly<Record<Exclude<AttackKind, "counts" | "label-flip">, Lie>> = {
  /** The other way from what it was sent, `scale` times as far. */
  "sign-flip": away((value, from, scale) => from - scale * (value - from)),
  /** The same way, `scale` times as far. */
  scaled: away((value, from, scale) => from + scale * (value - from)),
  /** Anywhere, each liar by itself. */
  noise: (at) => along(at),
  /** All liars the same way, which is nobody's. */
  colluding: (at) => along(at),
  "not-a-number": ({ honest }) => honest.map(() => NaN),
  huge: ({ honest }) => honest.map(() => 3e38),
  "wrong-length": ({ honest }) => honest.slice(0, Math.max(0, honest.length - 1)),
};

export const attackKinds: readonly AttackKind[] = [
  ...(Object.keys(lies) as (keyof typeof lies)[]),
  "counts",
  "label-flip",
];

export interface Attack {
  readonly kind: AttackKind;
  /** How many of the clients lie: a share of all. */
  readonly share: number;
  /**
   * How far a lie goes, over the honest way; 1 unless said. With "counts", how many times its rows it says it has; of no account with
   * "label-flip", where a liar trains honestly on rows that are called wrong: that is done where it is given them.
   */
  readonly scale?: number | undefined;
}

/** Which of the clients lie: so many, drawn by the key. */
export function liarsOf({ share }: Attack, clients: readonly number[], key: Key): number[] {
  const count = Math.round(share * clients.length);
  return Array.from(new Stream(fold(key, "liars")).choose(clients.length, count), (i) => clients[i]!).sort(
    (a, b) => a - b,
  );
}

/** A host some of whose clients lie when they train. Validations are honest: what is to be seen is what lies do to the model. */
export class Attacked extends Around {
  readonly #attack: Attack;
  readonly #liars: ReadonlySet<number>;
  readonly #key: Key;

  constructor(host: Host, attack: Attack, liars: readonly number[], key: Key) {
    super(host);
    this.#attack = attack;
    this.#liars = new Set(liars);
    this.#key = key;
  }

  // a lie's memory is nobody's to use again
  override spent(update: Update): void {
    if (!this.#liars.has(update.client)) super.spent(update);
  }

  override async train(orders: readonly Order[], round: number): Promise<(Update | Rejection)[]> {
    const answers = await super.train(orders, round);
    return answers.map((answer, i) =>
      isRejection(answer) || !this.#liars.has(answer.client) ? answer : this.#lie(answer, orders[i]!, round),
    );
  }

  #lie(update: Update, { down }: Order, round: number): Update {
    const { kind, scale = 1 } = this.#attack;
    if (kind === "label-flip") return update;
    if (kind === "counts") return { ...update, examples: Math.round(update.examples * scale) };
    const of: Lie = lies[kind];
    const up = Object.entries(update.up).map(([name, honest]) => {
      const base = down[name]?.length === honest.length ? down[name] : undefined;
      const key = fold(this.#key, "lie", kind === "colluding" ? -1 : update.client, name);
      return [name, of({ honest, base, scale, key, round })] as const;
    });
    return { ...update, up: Object.fromEntries(up) };
  }
}
