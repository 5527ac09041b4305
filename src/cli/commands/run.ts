// moiety run: from flags to a config, from a config to a run folder.
import type { Summary } from "../../report/records.ts";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { availableParallelism } from "node:os";
import type { Argv, CommandModule } from "yargs";
import {
  complete,
  type Config,
  ConfigError,
  heldOutGate,
  loadMethods,
  methodOf,
  override,
  parseConfig,
  posteriorGate,
  preset,
  run,
  withPreset,
} from "../../experiment/index.ts";
import { methodTable, openDocument, renderRunReport } from "../../report/index.ts";
import { duration } from "../../report/numbers.ts";
import { display } from "../display.ts";
import { StoreError } from "../durable.ts";
import { Folder } from "../folder.ts";
import { interruptible } from "../interrupt.ts";
import { invocation, quoted } from "../invocation.ts";
import { startPool } from "../../experiment/pool.ts";
import { isFinished, newRunFolder, unfinishedRun } from "../runs.ts";
import { openDataset } from "../dataset.ts";
import { withPartition } from "../partitionFile.ts";
import { partsOf } from "../../experiment/chosenMethods.ts";
import { isAddress } from "../../experiment/ownNetworks.ts";

interface RunArguments {
  experiment?: string;
  p?: number;
  "opt-out"?: number;
  "own-rows-kept-back"?: number;
  fidelity?: string;
  gate?: string;
  clients?: number;
  rounds?: number;
  seed?: number;
  workers: number;
  data?: string;
  out?: string;
  resume?: string;
  audit?: boolean;
  set?: string[];
}

/** Flags that stand for a field of the config. */
export const fields = {
  p: "partition.p",
  "opt-out": "optOut",
  "own-rows-kept-back": "ownRowsKeptBack",
  fidelity: "fidelity",
  clients: "clients",
  rounds: "federation.rounds",
  seed: "seed",
} as const;

/** Flags that change an experiment, for every command that runs one. */
export function experimentFlags<T>(yargs: Argv<T>): Argv<T> {
  return yargs
    .option("p", { type: "number", describe: "fraction of a client's rows from its two majority classes, 0 to 1" })
    .option("opt-out", { type: "number", describe: "fraction of clients that never send anything, 0 to 1" })
    .option("own-rows-kept-back", {
      type: "number",
      describe: "fraction of a client's own rows that the federation never uses, 0 to 1",
    })
    .option("fidelity", {
      choices: ["paper", "authors-code"],
      describe: "the method as meant, or the authors' code bug for bug",
    })
    .option("gate", {
      choices: ["held-out", "posterior"],
      describe:
        "held-out: train the gate alone, on rows held out; posterior: beside it a gate that weighs by how likely an input is the client's own",
    })
    .option("clients", { type: "number", describe: "number of clients" })
    .option("rounds", { type: "number", describe: "federated rounds at most" })
    .option("data", {
      type: "string",
      describe: "folder with the dataset; else MOIETY_DATA, Debian's package, the bundled part",
    })
    .option("workers", {
      type: "number",
      default: availableParallelism(),
      describe: "worker threads; the numbers do not depend on it",
    })
    .option("method", {
      type: "string",
      array: true,
      describe: "federated methods to compare (see moiety methods), or modules of one's own: ditto,fedrep,./mine.js",
    })
    .option("preset", {
      type: "string",
      array: true,
      describe: "how a method was run by its paper or a library (see moiety methods NAME): ditto=paper",
    })
    .option("set", {
      type: "string",
      array: true,
      describe: "any field of the config, as in federation.lr=0.001, or a method's option: ditto.lambda=0.1",
    })
    .option("out", { type: "string", describe: "folder to write; default a new one under runs/" });
}

/** The config that a preset or file and flags describe. */
export async function configOf(experiment: string, args: Readonly<Record<string, unknown>>): Promise<Config> {
  let config: unknown = experiment.endsWith(".json")
    ? complete(await withPartition(resolved(await readConfig(experiment), dirname(experiment)), dirname(experiment)))
    : preset(experiment);
  for (const [flag, path] of Object.entries(fields))
    if (args[flag] !== undefined) {
      if (flag === "p") config = override(config, "partition.kind", "majority");
      config = override(config, path, args[flag]);
    }
  if (args["gate"] === "held-out")
    for (const [field, value] of Object.entries(heldOutGate)) config = override(config, `mixture.${field}`, value);
  if (args["gate"] === "posterior") config = override(config, "posterior", { ...posteriorGate });
  if (args["method"] !== undefined) config = withMethods(config, args["method"] as readonly string[]);
  // what a module's method is called is known when it is loaded
  const { methods } = (config ?? {}) as { methods?: unknown };
  if (typeof methods === "object" && methods !== null) {
    config = resolved(config, ".");
    await loadMethods(config as Pick<Config, "methods">);
  }
  for (const words of (args["preset"] as readonly string[] | undefined) ?? [])
    for (const one of words.split(",")) config = await withPreset(config, one);
  for (const assignment of (args["set"] as string[] | undefined) ?? []) {
    const at = assignment.indexOf("=");
    if (at < 1) throw new ConfigError(`--set: got ${assignment}, expected key=value`);
    config = override(config, pathIn(config, assignment.slice(0, at)), valueOf(assignment.slice(at + 1)));
  }
  return parseConfig(await withPartition(resolved(config, "."), "."));
}

/** A config that compares these methods, with the options that it has for them. */
function withMethods(config: unknown, asked: readonly string[]): unknown {
  const { methods = {} } = config as { methods?: Readonly<Record<string, unknown>> };
  const names = asked.flatMap((one) => one.split(",")).filter((name) => name !== "");
  return { ...(config as object), methods: Object.fromEntries(names.map((name) => [name, methods[name] ?? {}])) };
}

/**
 * A path of a config as it is typed: `ditto.lambda` is that option of that method, of those that the config compares. Modules
 * among them have been loaded.
 */
export function pathIn(config: unknown, path: string): string {
  const { methods = {} } = config as { methods?: object };
  const [name = "", ...option] = path.split(".");
  if (Object.hasOwn(methods, name)) return `methods.${path}`;
  const own = Object.keys(methods).find((one) => isAddress(one) && methodOf(partsOf(one).federation).name === name);
  return own === undefined ? path : ["methods", own, ...option].join(".");
}

/** A config whose model and files mean the same wherever it is read: relative paths are those of `folder`. */
export function resolved(config: unknown, folder: string): unknown {
  // what is no config is refused by the schema
  if (typeof config !== "object" || config === null || Array.isArray(config)) return config;
  const { model, files, methods } = config as { model?: unknown; files?: { folder?: unknown }; methods?: object };
  const at = { ...config };
  if (methods && typeof methods === "object")
    Object.assign(at, {
      methods: Object.fromEntries(
        Object.entries(methods).map(([name, options]) => [
          /^\.{0,2}\//.test(name) ? pathToFileURL(resolve(folder, name)).href : name,
          options as unknown,
        ]),
      ),
    });
  if (typeof model === "string" && /^\.{0,2}\//.test(model))
    Object.assign(at, { model: pathToFileURL(resolve(folder, model)).href });
  if (files && typeof files === "object") {
    const { folder: place = "." } = files;
    Object.assign(at, { files: { ...files, folder: typeof place === "string" ? resolve(folder, place) : place } });
  }
  return at;
}

/** Numbers, booleans and JSON as they are, everything else as text. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function readConfig(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new ConfigError(`config: cannot read ${path}; give a preset's name (${invocation()} presets) or a JSON file`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`config: ${path} is not JSON, ${(error as Error).message}`);
  }
}

/** Refuses a number of workers that is none. */
export function checkWorkers(workers: number): void {
  if (!(Number.isInteger(workers) && workers >= 1))
    throw new ConfigError(`--workers: got ${workers}, expected a whole number from 1`);
}

// as many as ever have something to do at once
function usableWorkers(workers: number, { federation, personal, clients }: Config): number {
  return Math.min(workers, clients, Math.max(federation.cohort, federation.validationClients, personal.clients));
}

async function start(args: RunArguments): Promise<void> {
  checkWorkers(args.workers);
  if (args.resume === undefined) {
    const config = await configOf(args.experiment ?? "quick", args as unknown as Record<string, unknown>);
    const folder = new Folder(args.out ?? (await newRunFolder(config)));
    return folder.alone(() => begin(folder, config, args), args.out === undefined);
  }
  if (args.experiment !== undefined && (args.resume || args.experiment.endsWith(".json")))
    throw new ConfigError(
      `--resume: got ${args.experiment} beside it, expected nothing: a run goes on with its own config.json; leave it out`,
    );
  const folder = new Folder(args.resume || (await unfinishedRun(args.experiment)));
  if ((await folder.read("config.json")) === undefined)
    throw new ConfigError(`--resume: ${folder.path} holds no run, got no config.json; name the folder of a run`);
  return folder.alone(() => resume(folder, args));
}

async function begin(folder: Folder, config: Config, args: RunArguments): Promise<void> {
  if (await folder.read("config.json"))
    throw new ConfigError(
      (await isFinished(folder))
        ? `--out: ${folder.path} holds a finished run; choose another folder`
        : `--out: ${folder.path} holds a run that was begun; go on with ${invocation()} run --resume ${quoted(folder.path)}, or choose another folder`,
    );
  return execute(folder, config, args);
}

async function resume(folder: Folder, args: RunArguments): Promise<void> {
  if (await isFinished(folder))
    throw new ConfigError(
      `--resume: ${folder.path} has finished; ${invocation()} report ${quoted(folder.path)} shows it`,
    );
  return execute(folder, parseConfig(await readConfig(`${folder.path}/config.json`)), args);
}

async function execute(store: Folder, config: Config, args: RunArguments): Promise<void> {
  const { dataset, where, complete: whole } = await openDataset(config, args.data);
  console.log(
    `${config.dataset}: ${dataset.train.rows} train and ${dataset.test.rows} test rows${whole ? "" : ", a part of it,"} from ${where}`,
  );
  console.log(`run folder: ${store.path}`);

  const workers = usableWorkers(args.workers, config);
  const goOn = `${invocation()} run --resume ${quoted(store.path)}${dataFlag(args)}`;
  const { signal, release } = interruptible(goOn);
  const shown = display();
  try {
    const result = await run({
      config,
      dataset,
      store,
      pool: (setup) => startPool(setup, workers),
      resume: args.resume !== undefined,
      audit: args.audit ?? false,
      signal,
      onEvent: (event) => shown.show(event),
      onNote: (note) => console.error(note),
      render: async (records) => renderRunReport(records, await openDocument()),
      command: commandOf(store.path, args),
      runtime: `node ${process.versions.node}, ${process.platform} ${process.arch}, ${workers} workers`,
    });
    shown.stop();
    if (!result.finished) {
      console.log(`\nstopped at ${result.at}; go on with: ${goOn}`);
      process.exitCode = 130;
      return;
    }
    const { summary } = result.records;
    console.log(`\n${methodTable(summary)}`);
    console.log(
      `${summary.rounds} rounds, best after round ${summary.bestRound}; ${summary.evaluatedClients} clients; ${duration(summary.wallSeconds)}`,
    );
    for (const line of privacyLines(summary)) console.log(line);
    console.log(`weights  ${summary.weightsSha256}`);
    console.log(`report   ${quoted(`${store.path}/report.html`)}`);
  } catch (error) {
    // what could be written is good, so the run is not lost
    if (error instanceof StoreError && error.isPassing) error.message += `; then go on with: ${goOn}`;
    throw error;
  } finally {
    shown.stop();
    release();
  }
}

/** What noise guarantees, federation by federation. */
function privacyLines({ federations = {} }: Summary): string[] {
  return Object.entries(federations).flatMap(([name, { privacy }]) =>
    privacy
      ? [
          `privacy  ${name}: a client's part is hidden with epsilon ${privacy.epsilon.toPrecision(3)} at delta ${privacy.delta} (central, simulated noise; ` +
            `${privacy.rounds} rounds, noise multiplier ${privacy.multiplier.toPrecision(3)})`,
        ]
      : [],
  );
}

/** The flag that names the data folder, if the user did. */
export function dataFlag({ data }: { readonly data?: string | undefined }): string {
  return data === undefined ? "" : ` --data ${quoted(data)}`;
}

/** What repeats a run: its config.json is complete, so nothing else is needed but the data. */
export function commandOf(folder: string, args: { readonly data?: string | undefined }): string {
  return `${invocation()} run ${quoted(`${folder}/config.json`)}${dataFlag(args)}`;
}

export const runCommand: CommandModule<object, RunArguments> = {
  command: "run [experiment]",
  describe: "run an experiment: a preset's name or a config file (default: quick)",
  builder: (yargs) =>
    experimentFlags(
      yargs.positional("experiment", { type: "string", describe: "preset (see moiety presets) or config.json" }),
    )
      .option("seed", { type: "number", describe: "seed of everything random" })
      .option("resume", {
        type: "string",
        describe: "go on with a run folder; without a value the newest unfinished one",
      })
      .option("audit", {
        type: "boolean",
        describe: "also write audit.jsonl: everything that left a client, as it left",
      })
      .conflicts("resume", [
        "out",
        "set",
        "p",
        "opt-out",
        "clients",
        "rounds",
        "seed",
        "method",
        "preset",
        "fidelity",
        "own-rows-kept-back",
        "gate",
      ])
      .example("$0 run quick", "the main job on the bundled data")
      .example("$0 run fashion-mnist --data DIR --p 0.6 --seed 1", "the authors' setting")
      .example("$0 run quick --set federation.lr=0.0005 --workers 1", "one field changed")
      .example(
        "$0 run quick --set partition.kind=dirichlet-shares --set partition.alpha=0.1",
        "another partition (see moiety presets)",
      ) as Argv<RunArguments>,
  handler: start,
};
