// moiety run: from a config to a run folder.
import type { Argv, CommandModule } from "yargs";
import { type Config, ConfigError, parseConfig, run } from "../../experiment/index.ts";
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
import { configOf, readConfig } from "../configOf.ts";
import { privacyLines } from "../privacyLines.ts";
import { checkWorkers, dataFlag, experimentFlags, usual } from "../experimentFlags.ts";

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
  "state-bytes"?: number;
  set?: string[];
}

// as many as ever have something to do at once
function usableWorkers(workers: number, { federation, personal, clients }: Config): number {
  return Math.min(workers, clients, Math.max(federation.cohort, federation.validationClients, personal.clients));
}

async function start(args: RunArguments): Promise<void> {
  checkWorkers(args.workers);
  const { "state-bytes": stateBytes = 0 } = args;
  if (!(Number.isSafeInteger(stateBytes) && stateBytes >= 0))
    throw new ConfigError(`--state-bytes: got ${stateBytes}, expected a whole number of bytes from 0`);
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
    // killed behind its last write, or asked for once too often: there is nothing left to do
    return console.log(`${folder.path} has finished; ${invocation()} report ${quoted(folder.path)} shows it`);
  return execute(folder, parseConfig(await readConfig(`${folder.path}/config.json`)), args);
}

async function execute(store: Folder, config: Config, args: RunArguments): Promise<void> {
  const { dataset, where, complete: whole } = await openDataset(config, args.data);
  console.log(
    `${config.dataset}: ${dataset.train.rows} train and ${dataset.test.rows} test rows${whole ? "" : ", a part of it,"} from ${where}`,
  );
  console.log(`run folder: ${store.path}`);

  const workers = usableWorkers(args.workers, config);
  const { "state-bytes": stateBytes } = args;
  const memoryFlag = stateBytes === undefined ? "" : ` --state-bytes ${stateBytes}`;
  const goOn = `${invocation()} run --resume ${quoted(store.path)}${dataFlag(args)}${memoryFlag}`;
  const { signal, release } = interruptible(goOn);
  const shown = display(config.task);
  try {
    const result = await run({
      config,
      dataset,
      store,
      pool: (setup) => startPool(setup, workers),
      resume: args.resume !== undefined,
      audit: args.audit ?? false,
      ...(stateBytes !== undefined && { stateBytes }),
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
    if (summary.evaluatedClients > 0) console.log(`\n${methodTable(summary)}`);
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

/** What repeats a run: its config.json is complete, so nothing else is needed but the data. */
export function commandOf(folder: string, args: { readonly data?: string | undefined }): string {
  return `${invocation()} run ${quoted(`${folder}/config.json`)}${dataFlag(args)}`;
}

export const runCommand: CommandModule<object, RunArguments> = {
  command: "run [experiment]",
  describe: "run an experiment: a preset's name or a config file",
  builder: (yargs) =>
    experimentFlags(
      yargs.positional("experiment", {
        type: "string",
        defaultDescription: "quick",
        describe: "preset (see moiety presets) or config.json",
      }),
    )
      .option("seed", { type: "number", defaultDescription: usual("seed"), describe: "seed of everything random" })
      .option("resume", {
        type: "string",
        defaultDescription: "a new run",
        describe: "go on with a run folder; without a value the newest unfinished one",
      })
      .option("audit", {
        type: "boolean",
        defaultDescription: "false",
        describe: "also write audit.jsonl: everything that left a client, as it left",
      })
      .option("state-bytes", {
        type: "number",
        defaultDescription: "256 MiB",
        describe: "what clients keep between rounds may take so many bytes in memory; the rest lies in the run folder",
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
