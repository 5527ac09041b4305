// The config of a vertical federation: whose columns are whose.
import * as v from "valibot";
import { optionsOf } from "../../federated/method.ts";
import { vertical, type VerticalOptions } from "../../federated/vertical/index.ts";
import { checked } from "../checked.ts";
import type { Config } from "../config.ts";
import { files } from "../schema/files.ts";
import { ownOptimizer } from "../schema/training.ts";
import { count, name, rate, whole } from "../schema/values.ts";

/** Columns of a table by name (one of words by its own), or an area of an image: x and y from the first pixel to before the second. */
export type ColumnsConfig =
  | readonly string[]
  | { readonly x: readonly [from: number, to: number]; readonly y: readonly [from: number, to: number] };

/** Whose columns are whose, and how they learn together. */
export interface VerticalConfig {
  readonly dataset: string;
  readonly files?: Config["files"];
  readonly seed: number;
  /** Rows of the dataset's splits, the same for all parties; all of them unless said. */
  readonly rows?: { readonly train?: number | undefined; readonly test?: number | undefined } | undefined;
  /** Columns of the party that has the labels; without them it asks by a constant for each party. */
  readonly active?: ColumnsConfig | undefined;
  /** Columns of the others, by their names. */
  readonly parties: Readonly<Record<string, ColumnsConfig>>;
  readonly rounds: number;
  readonly batchSize: number;
  readonly lr: number;
  /** Adam unless said. */
  readonly optimizer?: Omit<NonNullable<Config["federation"]["optimizer"]>, "schedule"> | undefined;
  /** `moiety methods vertical` lists options. */
  readonly vertical?: Readonly<Record<string, number | string | boolean>> | undefined;
}

const span = v.strictTuple([whole, count]);
const columns = v.union(
  [v.pipe(v.array(name), v.minLength(1)), v.strictObject({ x: span, y: span })],
  "expected names of columns, or x and y of an image's area",
);

const schema = v.strictObject({
  dataset: name,
  files: v.optional(files),
  seed: v.pipe(v.number(), v.safeInteger("expected an integer below 2^53")),
  rows: v.optional(v.strictObject({ train: v.optional(count), test: v.optional(count) })),
  active: v.optional(columns),
  parties: v.pipe(
    v.record(v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w-]*$/, "expected a name of letters and digits")), columns),
    v.check((parties) => Object.keys(parties).length > 0, "expected one party at least"),
  ),
  rounds: count,
  batchSize: count,
  lr: rate,
  optimizer: v.optional(ownOptimizer),
  vertical: v.optional(v.record(name, v.union([v.number(), v.string(), v.boolean()]))),
});

/** Checks a config; a ConfigError names the field that is wrong, or a RangeError the option. */
export function parseVertical(input: unknown): VerticalConfig {
  const config = checked(schema, input, "config", "see docs/methods.md, Columns to parties");
  const { k } = verticalOptions(config);
  const most = Object.keys(config.parties).length;
  if (k > most) throw new RangeError(`vertical: k, got ${k}, expected at most ${most}, the number of parties`);
  return config;
}

/** Its options, with the defaults where it says nothing. */
export function verticalOptions(config: VerticalConfig): VerticalOptions {
  return optionsOf(vertical, config.vertical) as unknown as VerticalOptions;
}
