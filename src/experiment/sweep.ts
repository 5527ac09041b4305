// Many runs of one experiment: every combination of varied fields, for several seeds. The plan is a pure function of what
// was asked, so a killed sweep finds its place again by looking at what is done.
import { Sha256 } from "../io/index.ts";
import { partsOf } from "./chosenMethods.ts";
import { type Config, ConfigError, override } from "./config.ts";
import { isAddress } from "./ownNetworks.ts";
import { parseConfig } from "./schema.ts";

/** One field and the values it takes. */
export interface Variation {
  /** A path as `override` takes it: `partition.p`. */
  readonly path: string;
  /** The values that it takes. */
  readonly values: readonly unknown[];
}

/** Which runs a sweep is. */
export interface SweepPlan {
  /** The config that all runs begin with. */
  readonly base: Config;
  /** Fields that vary, each over its values. */
  readonly variations: readonly Variation[];
  /** Seeds are base.seed, base.seed + 1, ...; 1 where the seed itself is varied. */
  readonly seeds: number;
  /** A run for each method (with what is made of its federation), rather than one of all: options of one vary that one alone. */
  readonly apart?: boolean | undefined;
}

/** One run of a sweep: where it lies below the sweep's folder, and what it is. */
export interface PlannedRun {
  /** What its folder is called. */
  readonly name: string;
  /** What it runs. */
  readonly config: Config;
}

// more is a slip of the hand
const MOST = 100_000;

/** Every run of a plan, seeds innermost; throws a ConfigError for a value that does not fit before anything has run. */
export function planRuns({ base, variations, seeds, apart = false }: SweepPlan): PlannedRun[] {
  if (apart) return apartRuns({ base, variations, seeds });
  if (!(Number.isInteger(seeds) && seeds >= 1))
    throw new ConfigError(`--seeds: got ${seeds}, expected a whole number from 1`);
  let settings: { name: string[]; config: unknown }[] = [{ name: [], config: base }];
  const varied = variations.filter(({ path }) => path === "seed");
  if (varied.length > 0 && seeds > 1)
    throw new ConfigError(
      `--seeds: got ${seeds} beside --vary seed, expected one of the two; name every seed, or count them`,
    );
  const count = variations.reduce((product, { values }) => product * values.length, seeds);
  if (count > MOST) throw new ConfigError(`--vary: got ${count} runs, expected ${MOST} at most; vary less`);
  for (const { path, values } of variations) {
    if (values.length === 0) throw new ConfigError(`--vary: ${JSON.stringify(path)} has no values`);
    checkOnce(values.map((value) => `${path.split(".").pop()}${segment(value)}`));
    if (path === "seed") continue;
    settings = settings.flatMap(({ name, config }) =>
      values.map((value) => ({
        name: [...name, `${path.split(".").pop()}${segment(value)}`],
        config: override(path === "partition.p" ? override(config, "partition.kind", "majority") : config, path, value),
      })),
    );
  }
  const wanted = varied.length > 0 ? varied.flatMap(({ values }) => values) : undefined;
  const runs = settings.flatMap(({ name, config }) =>
    (wanted ?? Array.from({ length: seeds }, (_, i) => base.seed + i)).map((seed) => ({
      name: [...name, `seed${segment(seed)}`].join("-"),
      config: parseConfig(override(config, "seed", seed)),
    })),
  );
  checkFolders(runs.map(({ name }) => name));
  return runs;
}

// also before there are runs: a value given twice by the thousand would make thousands of configs first
function checkOnce(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new ConfigError(`--vary: two runs would be ${name}; give every value once`);
    seen.add(name);
  }
}

/** The most bytes of a run's name: its folder's, of which systems hold 255. */
const NAME_BYTES = 240;

function checkFolders(names: readonly string[]): void {
  checkOnce(names);
  for (const name of names) {
    const { length } = new TextEncoder().encode(name);
    if (length > NAME_BYTES)
      throw new ConfigError(
        `--vary: got a run called ${name.slice(0, 40)}..., ${length} bytes long, expected ${NAME_BYTES} at most; vary less at once`,
      );
  }
}

// every method's runs, under its name; what is said of others is left out
function apartRuns({ base, variations, seeds }: SweepPlan): PlannedRun[] {
  const { methods = {}, training = {}, ...rest } = base;
  const federations = [...new Set(Object.keys(methods).map((name) => partsOf(name).federation))];
  if (federations.length === 0) throw new ConfigError("compare: got no method, expected some; name them by --method");
  const runs = federations.flatMap((federation) => {
    const isOwn = (name: string): boolean => partsOf(name).federation === federation;
    // a module is trained under its method's name, which nobody knows before it is loaded
    const isTrained = (name: string): boolean => isOwn(name) || (isAddress(federation) && !federations.includes(name));
    const of = (fields: object, has: (name: string) => boolean): object =>
      Object.fromEntries(Object.entries(fields).filter(([name]) => has(name)));
    const own = Object.keys(methods).filter(isOwn);
    const told = [...own, federation].flatMap((name) => [`methods.${name}.`, `training.${name}.`]);
    const varied = variations.filter(
      ({ path }) => !/^(methods|training)\./.test(path) || told.some((start) => path.startsWith(start)),
    );
    const trained = of(training, isTrained);
    const config = {
      ...rest,
      methods: of(methods, isOwn),
      ...(Object.keys(trained).length > 0 && { training: trained }),
    };
    return planRuns({ base: config as Config, variations: varied, seeds }).map((run) => ({
      ...run,
      name: `${segment(federation)}-${run.name}`,
    }));
  });
  checkFolders(runs.map(({ name }) => name));
  return runs;
}

const LONGEST = 80;

/**
 * A value as a part of a folder's name: never a way to another folder. What holds separators or is long goes by its end and
 * a hash of the whole.
 */
function segment(value: unknown): string {
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  // oxlint-disable-next-line no-control-regex
  if (text.length <= LONGEST && !/[/\\\u0000-\u001f]/.test(text)) return text;
  const end = text
    .split(/[/\\]/)
    .pop()!
    .replaceAll(/[^\w.+-]/g, "_")
    .slice(-LONGEST);
  return `${end}-${new Sha256().update(new TextEncoder().encode(text)).hex().slice(0, 8)}`;
}
