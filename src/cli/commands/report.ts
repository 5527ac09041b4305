// moiety report: the report of finished runs again, or several of them as a sweep.
import { realpath } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { CommandModule } from "yargs";
import { ConfigError } from "../../experiment/index.ts";
import {
  distinct,
  type FailedRun,
  figureFile,
  gateHistogram,
  lossCurves,
  methodPaths,
  methodTable,
  openDocument,
  plane,
  renderRunReport,
  renderSweepReport,
  runName,
  settingTable,
  sweepOf,
} from "../../report/index.ts";
import type { RunRecords } from "../../report/records.ts";
import { isArchive, unpackRuns } from "../archive.ts";
import { browse } from "../browse.ts";
import { failureIn } from "../failed.ts";
import { Folder } from "../folder.ts";
import { quoted } from "../invocation.ts";
import { readRun } from "../records.ts";
import { runsAt } from "../runs.ts";

type Figures = Record<string, Parameters<typeof figureFile>[0]>;

function runFigures({ metrics }: RunRecords): Figures {
  return { plane: plane(metrics), losses: lossCurves(metrics), gate: gateHistogram(metrics) };
}

// the paper's picture for every parameter that was varied over numbers
function sweepFigures(records: readonly RunRecords[]): Figures {
  const { parameters, settings } = sweepOf(records);
  const numeric = parameters.filter((name) => settings.every(({ values }) => typeof values.get(name) === "number"));
  return Object.fromEntries(numeric.map((name) => [`plane-by-${name.split(".").pop()}`, methodPaths(settings, name)]));
}

// why those that are open have no result, where they left it
async function failuresOf(open: readonly string[]): Promise<FailedRun[]> {
  const all = await Promise.all(
    open.map(async (path) => ({ name: basename(path), reason: await failureIn(new Folder(path)) })),
  );
  const failed = all.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }]));
  for (const { name, reason } of failed) console.log(`${name}: ${reason}`);
  return failed;
}

export const reportCommand: CommandModule<
  object,
  { runs: string[]; out: string | undefined; svg: string | undefined; open: boolean }
> = {
  command: "report <runs..>",
  describe: "write the report of a run or a sweep, or one report over several",
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "folders of runs or sweeps, or archives that the lab exported",
      })
      .option("out", {
        type: "string",
        defaultDescription: "report.html in the folder, NAME.html beside NAME.zip, sweep.html here for several",
        describe: "file to write",
      })
      .option("svg", {
        type: "string",
        defaultDescription: "none",
        describe: "also write the figures as SVG files into this folder",
      })
      .option("open", { type: "boolean", default: false, describe: "open the report in the browser" })
      .example("$0 report runs/quick-paper-p0.6-seed1 --open", "one run again, in the browser")
      .example("$0 report runs/sweep-quick-paper --svg figures", "a sweep, and its figures for a paper")
      .example("$0 report export.zip", "what the lab exported"),
  handler: async ({ runs: named, out, svg, open: shown }) => {
    const archives: Awaited<ReturnType<typeof unpackRuns>>[] = [];
    try {
      const runs: string[] = [];
      for (const name of named) {
        if (!isArchive(name)) runs.push(name);
        else {
          const archive = await unpackRuns(name);
          archives.push(archive);
          runs.push(...archive.runs);
        }
      }
      const path = await report(runs, resolve(out ?? placeFor(named)), svg);
      if (shown && !(await browse(path))) console.log("report   there is no browser to be opened from here");
    } finally {
      await Promise.all(archives.map((archive) => archive.release()));
    }
  },
};

function placeFor([first = ".", ...more]: readonly string[]): string {
  if (more.length > 0) return "sweep.html";
  return isArchive(first) ? first.replace(/\.zip$/i, ".html") : `${first}/report.html`;
}

async function report(runs: readonly string[], path: string, svg: string | undefined): Promise<string> {
  const found = await Promise.all(runs.map(runsAt));
  const open = found.reduce((sum, at) => sum + at.open.length, 0);
  const done = found.flatMap((at) => at.done);
  if (done.length === 0)
    throw new ConfigError(`report: no run of ${runs.join(", ")} is done yet; see moiety sweep --help`);
  if (open > 0) console.log(`${open} of ${open + done.length} runs are not done yet`);
  // a folder that is named twice, or through its sweep as well, is one run
  const paths = [...new Set(await Promise.all(done.map((path) => realpath(path).catch(() => path))))];
  const read = await Promise.all(paths.map(readRun));
  const records = distinct(read);
  const again = done.length - records.length;
  if (again > 0) console.log(`${again} of ${done.length} runs are there twice, and count once`);
  const failed = await failuresOf(found.flatMap((at) => at.open));
  const document = await openDocument();
  const single = records.length === 1;
  const { summary } = records[0]!;
  console.log(single ? `${runName(summary)}\n${methodTable(summary)}` : settingTable(records));
  const page = single ? renderRunReport(records[0]!, document) : renderSweepReport(records, document, failed);
  await new Folder("/").write(path, page);
  console.log(`report   ${quoted(path)}`);
  if (svg === undefined) return path;
  const figures = single ? runFigures(records[0]!) : sweepFigures(records);
  for (const [name, options] of Object.entries(figures))
    await new Folder(svg).write(`${name}.svg`, figureFile(options, document));
  console.log(`figures  ${svg}/{${Object.keys(figures).join(",")}}.svg`);
  return path;
}
