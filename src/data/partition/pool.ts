// The rows of a split that nobody owns yet, by class. Draws are without replacement and bounded; a class that runs out is
// an error with the numbers in it.
import type { Stream } from "../../runtime/random.ts";
import type { Labels } from "./partition.ts";

/** Rows by class, to be drawn from. The first `left[c]` entries of a class are there, the others have been taken. */
export class Pool {
  readonly #op: string;
  readonly #part: string;
  readonly #rows: readonly Int32Array[];
  readonly #left: Int32Array;

  /** `op` and `part` are what errors say: the partitioner, and "train" or "test". */
  constructor(op: string, part: string, labels: Labels, classes: number) {
    this.#op = op;
    this.#part = part;
    this.#left = new Int32Array(classes);
    for (let row = 0; row < labels.length; row++) this.#left[labels[row]!]!++;
    this.#rows = Array.from(this.#left, (n) => new Int32Array(n));
    const at = new Int32Array(classes);
    for (let row = 0; row < labels.length; row++) this.#rows[labels[row]!]![at[labels[row]!]!++] = row;
  }

  /** How many rows of each class are there. */
  get left(): Readonly<Int32Array> {
    return this.#left;
  }

  /** How many rows are there in all, classes in `but` not counted. */
  total(but: readonly number[] = []): number {
    return this.#left.reduce((sum, n, c) => (but.includes(c) ? sum : sum + n), 0);
  }

  /** Takes `k` rows of class `c`, uniformly; `who` is for whom. */
  take(c: number, k: number, stream: Stream, who: string): Int32Array {
    if (k > this.#left[c]!) throw this.#shortage(`class ${c}`, k, this.#left[c]!, this.#rows[c]!.length, who);
    return Int32Array.from({ length: k }, () => this.#pick(c, stream.below(this.#left[c]!)));
  }

  /** Takes `counts[c]` rows of every class c. */
  takeAll(counts: ArrayLike<number>, stream: Stream, who: string): Int32Array {
    return concat(...Array.from(counts, (k, c) => this.take(c, k, stream, who)));
  }

  /** Takes `k` rows uniformly from everything that is there, but for the classes in `but`. */
  takeOthers(but: readonly number[], k: number, stream: Stream, who: string): Int32Array {
    let left = this.total(but);
    if (k > left) {
      const all = this.#rows.reduce((sum, rows, c) => (but.includes(c) ? sum : sum + rows.length), 0);
      throw this.#shortage(`classes other than ${but.join(" and ")}`, k, left, all, who);
    }
    return Int32Array.from({ length: k }, () => {
      let at = stream.below(left--);
      for (const [c, n] of this.#left.entries()) {
        if (but.includes(c)) continue;
        if (at < n) return this.#pick(c, at);
        at -= n;
      }
      throw new Error("unreachable: the draw is below the number of rows");
    });
  }

  /** Takes these rows of class `c`, those of them that are still there. */
  remove(c: number, rows: Int32Array): void {
    const gone = new Set(rows);
    for (let at = this.#left[c]! - 1; at >= 0; at--) if (gone.has(this.#rows[c]![at]!)) this.#pick(c, at);
  }

  /** Every row that is there, by class. */
  rest(): Int32Array {
    return concat(...this.#rows.map((rows, c) => rows.subarray(0, this.#left[c])));
  }

  /** Does what `act` does and puts back every row that it took. */
  peek(act: () => Int32Array): Int32Array {
    const before = this.#left.slice();
    const rows = act();
    this.#left.set(before);
    return rows;
  }

  #pick(c: number, at: number): number {
    const rows = this.#rows[c]!;
    const row = rows[at]!;
    const last = --this.#left[c]!;
    rows[at] = rows[last]!;
    rows[last] = row;
    return row;
  }

  #shortage(what: string, wanted: number, left: number, all: number, who: string): RangeError {
    return new RangeError(
      `${this.#op}: ${this.#part} rows of ${what}, got ${left} left of ${all}, expected ${wanted} for ${who}; ` +
        (this.#part === "test" ? "lower testRows" : "lower clients or the rows of each, or bring more data"),
    );
  }
}

/** The rows of every class in their order; a class without any is a RangeError. */
export function rowsByClass(op: string, labels: Labels, classes: number): Int32Array[] {
  const lists = Array.from({ length: classes }, (): number[] => []);
  for (let row = 0; row < labels.length; row++) lists[labels[row]!]!.push(row);
  const empty = lists.findIndex((rows) => rows.length === 0);
  if (empty >= 0) throw new RangeError(`${op}: rows of class ${empty}, got none, expected some of every class`);
  return lists.map((rows) => Int32Array.from(rows));
}

/** Row lists one after another. */
export function concat(...parts: readonly Int32Array[]): Int32Array {
  const whole = new Int32Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
