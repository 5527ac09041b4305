// moiety sweep: every combination of varied fields, several seeds each, on all cores; killed at any instant it goes on
// where it stood, and what is done is not done again. A run that fails ends alone; the same command tries it again.
import { join } from "node:path";
import type { Argv, CommandModule } from "yargs";
import {
  type Config,
  ConfigError,
  planRuns,
  type PlannedRun,
  run,
  type SweepPlan,
  type Variation,
} from "../../experiment/index.ts";
import { type FailedRun, openDocument, renderSweepReport, settingTable } from "../../report/index.ts";
import { duration } from "../../report/numbers.ts";
import type { RunRecords } from "../../report/records.ts";
import { StoreError } from "../durable.ts";
import { Datasets } from "../dataset.ts";
import { type RunDisplay, shortResults, sweepDisplay } from "../display.ts";
import { FAILED, writeFailure } from "../failed.ts";
import { refusal, shown } from "../failure.ts";
import { Folder } from "../folder.ts";
import { interruptible } from "../interrupt.ts";
import { quoted } from "../invocation.ts";
import { startPool } from "../../experiment/pool.ts";
import { readRun } from "../records.ts";
import { isFinished, PLAN } from "../runs.ts";
import { sources } from "../sources.ts";
import { assigned, configOf, pathIn, resolved, valueOf } from "../configOf.ts";
import { checkWorkers, experimentFlags, fields, usual } from "../experimentFlags.ts";
import { commandOf } from "./run.ts";

export interface SweepArguments {
  experiment: string;
  vary: string[] | undefined;
  seeds: number | undefined;
  seed: number | undefined;
  workers: number;
  data: string | undefined;
  out: string | undefined;
}

function variation(base: Config, text: string): Variation {
  const [name, values] = assigned("--vary", text, "key=value,value,...");
  // modules of the config have been loaded by its flags
  const path = (fields as Readonly<Record<string, string>>)[name] ?? pathIn(base, name);
  return { path, values: values.split(",").map((value) => placed(path, valueOf(value))) };
}

// a path that is typed is meant from here, as it is on every other flag
function placed(path: string, value: unknown): unknown {
  const [field, part] = path.split(".");
  if (path === "model") return (resolved({ model: value }, ".") as { model: unknown }).model;
  if (field !== "files" || (part !== undefined && part !== "folder")) return value;
  const { files } = resolved({ files: part ? { folder: value } : value }, ".") as { files: { folder: unknown } };
  return part ? files.folder : files;
}

/** What becomes of a plan's runs: a page, and a table on the terminal. */
export interface Telling {
  page(records: readonly RunRecords[], document: Document, failed: readonly FailedRun[]): string;
  table(records: readonly RunRecords[]): string;
}

/** Runs what is left of a plan that the arguments make, and tells of all of it. */
export async function runSweep(
  args: SweepArguments,
  {
    apart,
    name,
    change = (base) => base,
    ...telling
  }: Telling & {
    readonly apart: boolean;
    /** Of the folder, where none is given, in front of the preset's. */
    readonly name: string;
    readonly change?: (base: Config) => Config;
  },
): Promise<void> {
  checkWorkers(args.workers);
  // a folder that is not there is not every run's failure
  await sources(args.data);
  const base = change(await configOf(args.experiment, args as unknown as Record<string, unknown>));
  const variations = (args.vary ?? []).map((text) => variation(base, text));
  const seeds = args.seeds ?? (variations.some(({ path }) => path === "seed") ? 1 : 3);
  const plan: SweepPlan = { base, variations, seeds, ...(apart && { apart }) };
  const planned = planRuns(plan);
  const folder = new Folder(args.out ?? join("runs", `${name}-${base.preset}-${base.fidelity}`));
  await folder.alone(() => execute(folder, plan, planned, args, telling));
}

async function execute(
  folder: Folder,
  plan: SweepPlan,
  planned: readonly PlannedRun[],
  args: SweepArguments,
  telling: Telling,
): Promise<void> {
  await claim(folder, plan);
  const queue: PlannedRun[] = [];
  for (const one of planned) {
    const store = runFolder(folder, one);
    if (await isFinished(store)) await onlyNumbers(store);
    else queue.push(one);
  }
  const total = queue.length;
  const workers = Math.min(args.workers, Math.max(1, total));
  console.log(`${planned.length} runs in ${folder.path}, ${workers} at a time`);
  if (total < planned.length) console.log(`${planned.length - total} are done already`);

  const { signal, release } = interruptible("the same command goes on");
  const datasets = new Datasets(args.data);
  const shownAll = sweepDisplay(total);
  const failed: FailedRun[] = [];
  let done = 0;
  let spent = 0;
  let fatal: unknown;

  const runOne = async (one: PlannedRun): Promise<void> => {
    const store = runFolder(folder, one);
    const display = shownAll.begin(one.name);
    try {
      await store.alone(() => attempt(one, store, display));
    } catch (error) {
      // a disk that is full, or a bug, is not this run's alone
      if (!refusal(error) || error instanceof StoreError) throw error;
      const reason = shown(error);
      failed.push({ name: one.name, reason });
      display.end(`${one.name} (${done + failed.length}/${total}): failed, ${reason}`);
    }
  };
  const attempt = async (one: PlannedRun, store: Folder, display: RunDisplay): Promise<void> => {
    await store.remove(FAILED);
    try {
      const result = await datasets.use(one.config, ({ dataset }) =>
        run({
          config: one.config,
          dataset,
          store,
          pool: (setup) => startPool(setup, 1),
          resume: true,
          signal,
          onEvent: (event) => display.show(event),
          onNote: (note) => console.error(`${one.name}: ${note}`),
          command: commandOf(store.path, args),
          runtime: `node ${process.versions.node}, ${process.platform} ${process.arch}, 1 worker`,
          circumstances: "apart",
        }),
      );
      if (!result.finished) return;
      await onlyNumbers(store);
      done++;
      const { methods } = result.records.summary;
      const { wallSeconds } = result.records.summary;
      spent += wallSeconds;
      // what goes on is half done, as a rule
      const open = total - done - failed.length;
      const left = ((spent / done) * (open - Math.min(workers - 1, open) / 2)) / workers;
      display.end(
        `${one.name} (${done + failed.length}/${total}): ${shortResults(methods)}, ` +
          duration(wallSeconds) +
          (open > 0 ? `, about ${duration(left)} left` : ""),
      );
    } catch (error) {
      if (refusal(error) && !(error instanceof StoreError)) await writeFailure(store, shown(error));
      throw error;
    }
  };
  // a run per worker rather than workers per run: rounds have no common end to wait for
  const lane = async (): Promise<void> => {
    for (let one = queue.shift(); one && !signal.aborted; one = queue.shift())
      try {
        await runOne(one);
      } catch (error) {
        fatal ??= error;
        queue.length = 0;
      }
  };
  try {
    await Promise.all(Array.from({ length: workers }, lane));
  } finally {
    shownAll.stop();
    release();
  }
  if (fatal instanceof StoreError && fatal.isPassing) fatal.message += "; then the same command goes on";
  if (fatal !== undefined) throw fatal;
  if (signal.aborted) {
    console.log(`\nstopped with ${queue.length} runs not begun; the same command goes on`);
    process.exitCode = 130;
    return;
  }
  await report(folder, planned, failed, telling);
}

async function report(
  folder: Folder,
  planned: readonly PlannedRun[],
  failed: readonly FailedRun[],
  telling: Telling,
): Promise<void> {
  const finished = planned.filter(({ name }) => !failed.some((one) => one.name === name));
  const records = await Promise.all(finished.map((one) => readRun(runFolder(folder, one).path)));
  if (records.length > 0) {
    await folder.write("report.html", telling.page(records, await openDocument(), failed));
    console.log(`\n${telling.table(records)}`);
    console.log(`report   ${quoted(`${folder.path}/report.html`)}`);
  }
  if (failed.length === 0) return;
  console.log(`\n${failed.length} of ${planned.length} runs failed; the same command tries them again:`);
  for (const { name, reason } of failed) console.log(`${name}: ${reason}`);
  process.exitCode = 1;
}

function runFolder(sweep: Folder, { name }: PlannedRun): Folder {
  return new Folder(join(sweep.path, name));
}

// a folder belongs to the sweep that began in it
async function claim(folder: Folder, plan: SweepPlan): Promise<void> {
  const text = `${JSON.stringify(plan, null, 2)}\n`;
  const before = await folder.read(PLAN);
  if (!before) return folder.write(PLAN, text);
  if (new TextDecoder().decode(before) !== text)
    throw new ConfigError(
      `--out: ${folder.path} holds another sweep; repeat its command to go on with it, or choose another folder`,
    );
}

/** Flags of commands that run many experiments. */
export function sweepFlags<T>(yargs: Argv<T>): Argv<T> {
  return experimentFlags(yargs)
    .option("vary", {
      type: "string",
      array: true,
      defaultDescription: "nothing: seeds alone",
      describe: "a field and its values, as in p=0.2,0.6,1.0 or opt-out=0,0.5",
    })
    .option("seeds", {
      type: "number",
      defaultDescription: "3; 1 where --vary has seeds",
      describe: "runs of each setting, with seeds from --seed upward",
    })
    .option("seed", { type: "number", defaultDescription: usual("seed"), describe: "the first seed" });
}

export const sweepCommand: CommandModule<object, SweepArguments> = {
  command: "sweep <experiment>",
  describe: "run every combination of varied fields for several seeds; the same command again goes on",
  builder: (yargs) =>
    sweepFlags(
      yargs.positional("experiment", { type: "string", demandOption: true, describe: "preset or config.json" }),
    )
      .example("$0 sweep quick --vary opt-out=0,0.5 --seeds 3", "six runs of the bundled data, and a report over them")
      .example("$0 sweep quick --vary federation.lr=0.0003,0.001 --vary p=0.2,0.6", "every combination of two fields")
      .example("$0 sweep cifar10 --data DIR --vary p=0.2,0.6,1.0 --seeds 3", "the paper's figure, in part")
      .epilogue(
        "Killed at any instant, the same command goes on; a run that failed is named, and tried again by it. Results lie in --out (runs/sweep-PRESET-FIDELITY): a folder for each run, and report.html.",
      ) as Argv<SweepArguments>,
  handler: (args) => runSweep(args, { apart: false, name: "sweep", page: renderSweepReport, table: settingTable }),
};

// a sweep is its numbers; a run repeated from its config.json gives the weights again. Also of runs that were killed when they
// were whole and this was not done
async function onlyNumbers(store: Folder): Promise<void> {
  await store.remove("clients");
  await store.remove("generalist.safetensors");
}
