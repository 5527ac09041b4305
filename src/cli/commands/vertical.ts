// moiety vertical: columns to parties, from a config file to a run folder.
import { dirname } from "node:path";
import type { Argv, CommandModule } from "yargs";
import { ConfigError } from "../../experiment/index.ts";
import {
  parseVertical,
  runColumns,
  type VerticalConfig,
  type VerticalResult,
} from "../../experiment/vertical/index.ts";
import { assigned, readConfig, resolved, valueOf } from "../configOf.ts";
import { openDataset } from "../dataset.ts";
import { dataFlag } from "../experimentFlags.ts";
import { Folder } from "../folder.ts";
import { interruptible } from "../interrupt.ts";
import { invocation, quoted } from "../invocation.ts";
import { isFinished, newFolder } from "../runs.ts";

interface VerticalArguments {
  config?: string;
  seed?: number;
  set?: string[];
  data?: string;
  out?: string;
  resume?: string;
  baselines: boolean;
  audit: boolean;
}

function withField(config: unknown, [key = "", ...rest]: readonly string[], value: unknown): unknown {
  const at = (typeof config === "object" && config !== null ? config : {}) as Readonly<Record<string, unknown>>;
  return { ...at, [key]: rest.length === 0 ? value : withField(at[key], rest, value) };
}

async function configFrom({ config: path, seed, set = [] }: VerticalArguments): Promise<VerticalConfig> {
  if (path === undefined) throw new ConfigError("vertical: got no config, expected a JSON file; see docs/methods.md");
  let config = resolved(await readConfig(path), dirname(path));
  if (seed !== undefined) config = withField(config, ["seed"], seed);
  for (const assignment of set) {
    const [key, value] = assigned("--set", assignment);
    config = withField(config, key.split("."), valueOf(value));
  }
  return parseVertical(config);
}

async function start(args: VerticalArguments): Promise<void> {
  const resume = args.resume !== undefined;
  const config = resume ? parseVertical(await readConfig(`${args.resume}/config.json`)) : await configFrom(args);
  const folder = new Folder(
    args.resume ?? args.out ?? (await newFolder(`vertical-${config.dataset}-seed${config.seed}`)),
  );
  await folder.alone(
    async () => {
      if (await isFinished(folder))
        throw new ConfigError(`vertical: ${folder.path} holds a finished run; choose another folder`);
      if (!resume && (await folder.read("config.json")))
        throw new ConfigError(
          `--out: ${folder.path} holds a run that was begun; go on with --resume, or choose another folder`,
        );
      await execute(folder, config, args, resume);
    },
    !resume && args.out === undefined,
  );
}

async function execute(store: Folder, config: VerticalConfig, args: VerticalArguments, resume: boolean): Promise<void> {
  const { dataset, where } = await openDataset({ dataset: config.dataset, files: config.files }, args.data);
  if (dataset.kind === "text")
    throw new ConfigError(`config: dataset, got ${config.dataset}, expected images or a table: a text has no columns`);
  console.log(`${config.dataset}: from ${where}`);
  console.log(`run folder: ${store.path}`);
  const { baselines, audit } = args;
  const again = `${invocation()} vertical --resume ${quoted(store.path)}${baselines ? " --baselines" : ""}${dataFlag(args)}`;
  const { signal, release } = interruptible(again);
  try {
    const results = await runColumns({
      config,
      dataset,
      store,
      baselines,
      audit,
      resume,
      signal,
      onRound: (name, round, loss) => console.log(`${name}, round ${round}: training loss ${loss.toFixed(4)}`),
    });
    if (results) return console.log(`\n${table(results)}`);
    console.log(`\nstopped; go on with: ${again}`);
    process.exitCode = 130;
  } finally {
    release();
  }
}

/** A line for each result, and below it one for each party. */
export function table(results: readonly VerticalResult[]): string {
  const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(0).padStart(10);
  const lines = [`${"".padEnd(20)}  accuracy      loss   kB down     kB up   rows asked, answered`];
  for (const { name, accuracy, loss, asked, answering } of results) {
    lines.push(`${name.padEnd(20)}${(100 * accuracy).toFixed(2).padStart(10)}${loss.toFixed(4).padStart(10)}`);
    for (const [party, { down, up, rows }] of Object.entries(asked))
      lines.push(`  ${party.padEnd(38)}${kilobytes(down)}${kilobytes(up)}   ${rows}, ${answering[party]!.rows}`);
  }
  return lines.join("\n");
}

export const verticalCommand: CommandModule<object, VerticalArguments> = {
  command: "vertical [config]",
  describe: "train over parties that have other columns of the same rows",
  builder: (yargs) =>
    yargs
      .positional("config", { type: "string", describe: "a JSON file that says whose columns are whose" })
      .option("seed", { type: "number", defaultDescription: "the config's", describe: "seed of everything random" })
      .option("set", {
        type: "string",
        array: true,
        defaultDescription: "nothing",
        describe: "any field of the config, as in vertical.k=2 (see moiety methods vertical)",
      })
      .option("baselines", {
        type: "boolean",
        default: false,
        describe: "also one model over all columns, and every party's columns alone",
      })
      .option("audit", {
        type: "boolean",
        default: false,
        describe: "also write audit.jsonl: everything that left a party without labels, as it left",
      })
      .option("data", {
        type: "string",
        defaultDescription: "MOIETY_DATA, Debian's package, the bundled part",
        describe: "folder with the dataset",
      })
      .option("out", { type: "string", defaultDescription: "a new one under runs/", describe: "folder to write" })
      .option("resume", { type: "string", defaultDescription: "a new run", describe: "go on with a run folder" })
      .conflicts("resume", ["out", "set", "seed"])
      .example("$0 vertical examples/vertical/quarters.json --baselines", "quarters of images")
      .example(
        "$0 vertical parties.json --set vertical.k=2 --audit",
        "two parties a row, and a log of what left",
      ) as Argv<VerticalArguments>,
  handler: start,
};
