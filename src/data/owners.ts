// Whose a row is, where the data say so: a writer, a device, a hospital.

/** A client's number for every row of both splits; names are in order, so both splits and every reading agree. */
export interface Owners {
  /** What owners are called, in order. */
  readonly names: readonly string[];
  /** The owner of each training row, by its place in `names`. */
  readonly train: Int32Array;
  /** The owner of each test row. */
  readonly test: Int32Array;
}

/** Owners as they come: a name or a number for each row. */
export type OwnerNames = ArrayLike<string | number>;

/**
 * Owners from names: by size if all are numbers, else by the alphabet. Undefined where neither split has any; a RangeError where
 * one has none, or not one for each row.
 */
export function ownersOf(
  op: string,
  train: { readonly owners?: OwnerNames | undefined; readonly rows: number },
  test: { readonly owners?: OwnerNames | undefined; readonly rows: number },
): Owners | undefined {
  const [a, b] = [train.owners, test.owners];
  if (!a && !b) return undefined;
  for (const [part, given, rows] of [["train", a, train.rows] as const, ["test", b, test.rows] as const])
    if (given?.length !== rows)
      throw new RangeError(`${op}: ${part} owners, got ${given?.length ?? "none"}, expected ${rows}, one for each row`);
  const texts = [a!, b!].map((given) => Array.from(given, String));
  const names = [...new Set(texts.flat())];
  const numeric = names.every((name) => name.trim() !== "" && Number.isFinite(Number(name)));
  names.sort((a, b) => (numeric && Number(a) - Number(b)) || (a < b ? -1 : 1));
  const numberOf = new Map(names.map((name, number) => [name, number]));
  const [first, second] = texts.map((names) => Int32Array.from(names, (name) => numberOf.get(name)!));
  return { names, train: first!, test: second! };
}
