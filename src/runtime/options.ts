// Numbers that a caller hands in, checked before anything is done with them.

/** What a number has to be, and how an error says so. */
export interface NumberRule {
  readonly expected: string;
  readonly fits: (value: number) => boolean;
}

/** How many there are, where none makes no sense: rows in a batch, rounds, epochs. */
export const COUNT: NumberRule = {
  expected: "a whole number of at least 1",
  fits: (value) => Number.isSafeInteger(value) && value >= 1,
};

/** How many there are, maybe none. */
export const COUNT_OR_NONE: NumberRule = {
  expected: "a whole number of at least 0",
  fits: (value) => Number.isSafeInteger(value) && value >= 0,
};

/** A count, or Infinity for no end. */
export const COUNT_OR_ENDLESS: NumberRule = {
  expected: "a whole number of at least 1, or Infinity",
  fits: (value) => value === Infinity || COUNT.fits(value),
};

/** A rate or a strength: 0 turns it off. */
export const NOT_NEGATIVE: NumberRule = {
  expected: "a finite number of at least 0",
  fits: (value) => Number.isFinite(value) && value >= 0,
};

/** A rate at which something is learnt: 0 would learn nothing. */
export const POSITIVE: NumberRule = {
  expected: "a finite number above 0",
  fits: (value) => Number.isFinite(value) && value > 0,
};

/** How long something may take; Infinity for no limit. */
export const SECONDS: NumberRule = {
  expected: "a number of seconds above 0, or Infinity",
  fits: (value) => value > 0,
};

/** A part of a whole, nothing and all of it among them. */
export const PART: NumberRule = { expected: "a number from 0 to 1", fits: (value) => value >= 0 && value <= 1 };

/** A part of a whole that is neither nothing nor all of it. */
export const SHARE: NumberRule = {
  expected: "a number between 0 and 1",
  fits: (value) => value > 0 && value < 1,
};

/** A part of a whole that is not all of it: a factor of decay, a probability of leaving out. */
export const BELOW_ONE: NumberRule = {
  expected: "a number in [0,1)",
  fits: (value) => value >= 0 && value < 1,
};

/** Any number but NaN and the infinities. */
export const FINITE: NumberRule = { expected: "a finite number", fits: (value) => Number.isFinite(value) };

/** What names a stream of random numbers. */
export const SEED: NumberRule = { expected: "a whole number", fits: (value) => Number.isSafeInteger(value) };

/**
 * Throws a RangeError that names the first option that is not what its rule says; options left out are passed over.
 * @param op in whose name
 * @param others the options that have no rule: with them, one of any other name is a TypeError, for it is misspelt
 */
export function checkOptions<O extends object>(
  op: string,
  options: O,
  rules: { readonly [K in keyof O]?: NumberRule | undefined },
  others?: string,
): void {
  if (others) checkNames(op, options, [...Object.keys(rules), others].join(" "));
  for (const name of Object.keys(rules) as (keyof O & string)[]) {
    const rule = rules[name]!;
    const value: unknown = options[name];
    if (value === undefined) continue;
    if (typeof value !== "number" || !rule.fits(value))
      throw new RangeError(`${op}: ${name}, got ${shown(value)}, expected ${rule.expected}`);
  }
}

/** Throws a TypeError for the first option that has none of these names, which stand in one line. */
export function checkNames(op: string, options: object, names: string): void {
  for (const name of Object.keys(options))
    if (!names.split(" ").includes(name)) throw new TypeError(`${op}: got option ${named(name)}, expected ${names}`);
}

/** Throws a RangeError unless a word is one of these. */
export function checkOne(op: string, what: string, value: unknown, words: readonly unknown[]): void {
  if (!words.includes(value)) throw new RangeError(`${op}: ${what}, got ${shown(value)}, expected ${words.join(", ")}`);
}

/** A name that somebody gave, for an error's message: in quotes where it is more than a word, or a space in it would not be seen. */
export function named(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

/** Whatever somebody handed in, for an error's message: an object may have a `toString` of its own, or none. */
export function shown(value: unknown): string {
  if (Object(value) === value) return Object.prototype.toString.call(value).slice(8, -1);
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
