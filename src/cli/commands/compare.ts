// moiety compare: methods side by side, a run for each method, setting and seed, and a leaderboard of them; or the leaderboard
// of runs that are there. It stands on the sweep: killed at any instant, the same command goes on.
import { resolve } from "node:path";
import type { Argv, CommandModule } from "yargs";
import { type Config, ConfigError } from "../../experiment/index.ts";
import { boardTable, leaderboard, openDocument, renderLeaderboard } from "../../report/index.ts";
import { Folder } from "../folder.ts";
import { quoted } from "../invocation.ts";
import { readRun } from "../records.ts";
import { runsAt } from "../runs.ts";
import { type SweepArguments, sweepFlags, runSweep, type Telling } from "./sweep.ts";

interface CompareArguments extends Omit<SweepArguments, "experiment"> {
  runs: string[] | undefined;
  method: string[] | undefined;
  baselines: boolean;
  target: number | undefined;
}

// what every method is held against
const baselines = ["local", "fedavg"];

function withBaselines(base: Config): Config {
  const { methods = {} } = base;
  const missing = baselines.filter((name) => !Object.hasOwn(methods, name));
  return { ...base, methods: { ...Object.fromEntries(missing.map((name) => [name, {}])), ...methods } };
}

function telling(target: number | undefined): Telling {
  return {
    page: (records, document, failed) => renderLeaderboard(records, document, { target, failed }),
    table: (records) => boardTable(leaderboard(records, target)),
  };
}

async function start(args: CompareArguments): Promise<void> {
  const { runs = [], method, target } = args;
  if (target !== undefined && !(target >= 0 && target <= 100))
    throw new ConfigError(`--target: got ${target}, expected a percentage of validation rows, from 0 to 100`);
  if (method === undefined && args.vary === undefined) return tell(runs, args);
  if (runs.length > 1)
    throw new ConfigError(
      `compare: got ${runs.join(" ")} beside --method or --vary, expected one preset or config.json to run; to read finished runs, leave these out`,
    );
  const change = args.baselines ? withBaselines : (base: Config): Config => base;
  return runSweep(
    { ...args, experiment: runs[0] ?? "quick" },
    { apart: true, name: "compare", change, ...telling(target) },
  );
}

async function tell(paths: readonly string[], { out, target }: CompareArguments): Promise<void> {
  if (paths.length === 0)
    throw new ConfigError("compare: got no method and no run, expected --method NAMES, or folders of finished runs");
  const found = await Promise.all(paths.map(runsAt));
  const [done, open] = [found.flatMap((at) => at.done), found.flatMap((at) => at.open)];
  if (done.length === 0)
    throw new ConfigError(`compare: no run of ${paths.join(", ")} is done yet; go on with it first`);
  if (open.length > 0) console.log(`${open.length} runs are not done, and left out: ${open.join(", ")}`);
  const records = await Promise.all(done.map(readRun));
  const { page, table } = telling(target);
  const path = resolve(out ?? "compare.html");
  await new Folder("/").write(path, page(records, await openDocument(), []));
  console.log(table(records));
  console.log(`report   ${quoted(path)}`);
}

export const compareCommand: CommandModule<object, CompareArguments> = {
  command: "compare [runs..]",
  describe: "a leaderboard of methods: runs them, or reads finished runs; the same command again goes on",
  builder: (yargs) =>
    sweepFlags(
      yargs.positional("runs", {
        type: "string",
        array: true,
        describe:
          "with --method: the preset or config.json to compare on, quick unless said; else folders of runs and sweeps",
      }),
    )
      .option("baselines", {
        type: "boolean",
        default: true,
        describe: "also run local and fedavg, which all others are held against",
      })
      .option("target", {
        type: "number",
        defaultDescription: "FedAvg's best",
        describe: "validation accuracy in percent that rounds and bytes are counted to",
      })
      .example(
        "$0 compare quick --method ditto,fedrep,fedrod",
        "four methods and Local, three seeds each, on the bundled data",
      )
      .example(
        "$0 compare quick --method ditto --vary ditto.lambda=0.1,1,10",
        "lambda is chosen by validation; FedAvg runs once",
      )
      .example("$0 compare quick --method ditto,ifca --vary p=0.2,0.6,1.0", "ranks over heterogeneity")
      .example("$0 compare quick --method ./mine.js", "a method of your own (docs/methods.md)")
      .example("$0 compare runs/a runs/b runs/sweep-c --out board.html", "runs that are there")
      .epilogue(
        "Every method is a run of its own in the folder --out (runs/compare-...), on the same clients, cohorts and batches for a seed. The report has local and global tests with intervals, differences to FedAvg paired by client and seed, who is harmed, the clock (everybody's model, a client's own before and after a turn, at the validated and the last moment), bytes, time and ranks. Test rows choose nothing: options and moments are chosen by validation.",
      ) as Argv<CompareArguments>,
  handler: start,
};
