// Many runs of one experiment: every combination of varied fields, for several seeds. The plan is a pure function of what
// was asked, so a killed sweep finds its place again by looking at what is done.
import { type Config, ConfigError, override } from "./config.ts";
import { parseConfig } from "./schema.ts";

/** One field and the values it takes. */
export interface Variation {
  /** A path as `override` takes it: `partition.p`. */
  readonly path: string;
  readonly values: readonly unknown[];
}

export interface SweepPlan {
  readonly base: Config;
  readonly variations: readonly Variation[];
  /** Seeds are base.seed, base.seed + 1, ... */
  readonly seeds: number;
}

/** One run of a sweep: where it lies below the sweep's folder, and what it is. */
export interface PlannedRun {
  readonly name: string;
  readonly config: Config;
}

/** Every run of a plan, seeds innermost; throws a ConfigError for a value that does not fit before anything has run. */
export function planRuns({ base, variations, seeds }: SweepPlan): PlannedRun[] {
  if (!(Number.isInteger(seeds) && seeds >= 1))
    throw new ConfigError(`--seeds: got ${seeds}, expected a whole number from 1`);
  let settings: { name: string[]; config: unknown }[] = [{ name: [], config: base }];
  for (const { path, values } of variations) {
    if (values.length === 0) throw new ConfigError(`--vary: ${path} has no values`);
    settings = settings.flatMap(({ name, config }) =>
      values.map((value) => ({
        name: [...name, `${path.split(".").pop()}${typeof value === "object" ? JSON.stringify(value) : String(value)}`],
        config: override(path === "partition.p" ? override(config, "partition.kind", "majority") : config, path, value),
      })),
    );
  }
  const runs = settings.flatMap(({ name, config }) =>
    Array.from({ length: seeds }, (_, i) => {
      const seed = base.seed + i;
      return { name: [...name, `seed${seed}`].join("-"), config: parseConfig(override(config, "seed", seed)) };
    }),
  );
  const twice = runs.find(({ name }, i) => runs.findIndex((other) => other.name === name) !== i);
  if (twice) throw new ConfigError(`--vary: two runs would be ${twice.name}; give every value once`);
  return runs;
}
