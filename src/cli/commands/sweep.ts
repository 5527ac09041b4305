// moiety sweep: every combination of varied fields, several seeds each, on all cores; killed at any instant it goes on
// where it stood, and what is done is not done again.
import { join } from "node:path";
import type { Argv, CommandModule } from "yargs";
import { ConfigError, planRuns, type PlannedRun, run, type SweepPlan, type Variation } from "../../experiment/index.ts";
import { openDocument, renderSweepReport, settingTable } from "../../report/index.ts";
import { duration } from "../../report/numbers.ts";
import { sweepDisplay } from "../display.ts";
import { Folder } from "../folder.ts";
import { interruptible } from "../interrupt.ts";
import { invocation } from "../invocation.ts";
import { startPool } from "../../experiment/pool.ts";
import { readRun } from "../records.ts";
import { isFinished, PLAN } from "../runs.ts";
import { openDataset } from "../dataset.ts";
import { checkWorkers, configOf, experimentFlags, fields, valueOf } from "./run.ts";

interface SweepArguments {
  experiment: string;
  vary: string[] | undefined;
  seeds: number;
  seed: number | undefined;
  workers: number;
  data: string | undefined;
  out: string | undefined;
}

function variation(text: string): Variation {
  const at = text.indexOf("=");
  if (at < 1) throw new ConfigError(`--vary: got ${text}, expected key=value,value,...`);
  const name = text.slice(0, at);
  const path = (fields as Readonly<Record<string, string>>)[name] ?? name;
  return {
    path,
    values: text
      .slice(at + 1)
      .split(",")
      .map(valueOf),
  };
}

async function start(args: SweepArguments): Promise<void> {
  checkWorkers(args.workers);
  const base = await configOf(args.experiment, args as unknown as Record<string, unknown>);
  const plan: SweepPlan = { base, variations: (args.vary ?? []).map(variation), seeds: args.seeds };
  const planned = planRuns(plan);
  const folder = new Folder(args.out ?? join("runs", `sweep-${base.preset}-${base.fidelity}`));
  await claim(folder, plan);

  const { dataset, where } = await openDataset(base, args.data);
  console.log(`${planned.length} runs in ${folder.path}, ${args.workers} at a time; data from ${where}`);

  const { signal, release } = interruptible("the same command goes on");
  const queue: PlannedRun[] = [];
  for (const one of planned) if (!(await isFinished(runFolder(folder, one)))) queue.push(one);
  if (queue.length < planned.length) console.log(`${planned.length - queue.length} are done already`);
  const total = queue.length;
  const shown = sweepDisplay(total);
  let done = 0;
  let spent = 0;

  // a run per worker rather than workers per run: rounds have no common end to wait for
  const lane = async (): Promise<void> => {
    for (let one = queue.shift(); one && !signal.aborted; one = queue.shift()) {
      const store = runFolder(folder, one);
      const display = shown.begin(one.name);
      const result = await run({
        config: one.config,
        dataset,
        store,
        pool: (setup) => startPool(setup, 1),
        resume: true,
        signal,
        onEvent: (event) => display.show(event),
        command: `${invocation()} run ${store.path}/config.json${args.data ? ` --data ${args.data}` : ""}`,
        runtime: `node ${process.versions.node}, ${process.platform} ${process.arch}, 1 worker`,
        circumstances: "apart",
      });
      if (!result.finished) return;
      // a sweep is its numbers; a run repeated from its config.json gives the weights again
      await store.remove("clients");
      await store.remove("generalist.safetensors");
      done++;
      const { mixture, finetuned } = result.records.summary.methods;
      const { wallSeconds } = result.records.summary;
      spent += wallSeconds;
      // what goes on is half done, as a rule
      const others = Math.min(args.workers - 1, total - done);
      const left = ((spent / done) * (total - done - others / 2)) / Math.min(args.workers, total);
      display.end(
        `${one.name} (${done}/${total}): mixture ${mixture.localTest.mean.toFixed(1)} / ${mixture.globalTest.mean.toFixed(1)} %, ` +
          `fine-tuned ${finetuned.localTest.mean.toFixed(1)} / ${finetuned.globalTest.mean.toFixed(1)} %, ` +
          duration(wallSeconds) +
          (done < total ? `, about ${duration(left)} left` : ""),
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: args.workers }, lane));
  } finally {
    shown.stop();
    release();
  }
  if (signal.aborted) {
    console.log(`\nstopped with ${queue.length} runs not begun; the same command goes on`);
    process.exitCode = 130;
    return;
  }
  const records = await Promise.all(planned.map((one) => readRun(runFolder(folder, one).path)));
  await folder.write("report.html", renderSweepReport(records, await openDocument()));
  console.log(`\n${settingTable(records)}`);
  console.log(`report   ${folder.path}/report.html`);
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

export const sweepCommand: CommandModule<object, SweepArguments> = {
  command: "sweep <experiment>",
  describe: "run every combination of varied fields for several seeds; the same command again goes on",
  builder: (yargs) =>
    experimentFlags(
      yargs.positional("experiment", { type: "string", demandOption: true, describe: "preset or config.json" }),
    )
      .option("vary", {
        type: "string",
        array: true,
        describe: "a field and its values, as in p=0.2,0.6,1.0 or opt-out=0,0.5",
      })
      .option("seeds", { type: "number", default: 3, describe: "runs of each setting, with seeds from --seed upward" })
      .option("seed", { type: "number", describe: "the first seed" })
      .example(
        "$0 sweep cifar10 --data DIR --vary p=0.2,0.6,1.0 --seeds 3",
        "the paper's figure, in part",
      ) as Argv<SweepArguments>,
  handler: start,
};
