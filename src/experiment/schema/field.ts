// What is told of a config's fields. Imports nothing: it is in the package's declarations, which know no schemas.

/** What a field of a config says about itself. */
export interface Told {
  /** What it means. */
  readonly about: string;
  /** What holds where it is left out. */
  readonly unless?: string | undefined;
  /** What it counts for: the commands, kinds or methods that read it, and what it moves. */
  readonly matters?: string | undefined;
}

/** A field of a config. */
export interface Field extends Partial<Told> {
  /** `federation.lr`; NAME stands for a name of one's own, and ends in [] where a list has one for each. */
  readonly path: string;
  /** Of fields of which there are several kinds: those that have this one. */
  readonly kinds: readonly string[];
  /** What it takes: a range, words, or what it is a group of. */
  readonly limits: string;
  /** Whether a complete config may leave it out. */
  readonly optional: boolean;
  /** What was declared; fields of one declaration are the same. */
  readonly declaration: object;
}
