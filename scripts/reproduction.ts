// docs/reproduction.md and the pages behind it: their tables and figures from the runs that are committed beside them.
//
//   node --import tsx scripts/reproduction.ts                  writes the pages and the figures again
//   node --import tsx scripts/reproduction.ts --take FOLDER    copies a finished sweep in first, without weights and epochs
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { figureFile, methodPaths, openDocument, paperMethods, type RunRecords, tradeOff } from "../src/report/index.ts";
import { readRun } from "../src/cli/records.ts";
import { runsAt } from "../src/cli/runs.ts";
import * as gate from "./reproduction/gate.ts";
import { type Pages, pageWith, readPages } from "./reproduction/pages.ts";
import { besidePflMoe, publicPflMoe } from "./reproduction/pflMoe.ts";
import { summary } from "./reproduction/summary.ts";
import * as tables from "./reproduction/tables.ts";
import { replaceSection } from "./section.ts";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const folder = join(docs, "reproduction");

const weighed = ["finetuned", "ensemble", "constantWeight", "stackedGate", "mixture"];
const schedules = ["fastPlateau", "faster", "fasterPlateau", "heldOut", "heldOutPlateau", "featuresPlateau"];
const variants = ["mixture", "stackedGate", "fastGate", "gateOnly", "heldOut", "features", "retrained", "threeWay"];

type Table = (runs: readonly RunRecords[]) => string;
type Tables = Readonly<Record<string, Table>>;

const compared: Tables = {
  accuracies: (runs) => tables.accuracies(runs, [...paperMethods, "ensemble", "constantWeight", "stackedGate"]),
  differences: (runs) => tables.differences(runs, ["mixture"], ["finetuned", "ensemble", "constantWeight"]),
  calibration: (runs) => tables.calibration(runs, [...paperMethods, "ensemble"]),
  gates: (runs) => tables.gates(runs, ["mixture", "stackedGate"]),
  cost: tables.cost,
};

const asMeant: Tables = {
  ...compared,
  harmed: (runs) => tables.harmed(runs, ["fedavg", "finetuned", "ensemble", "mixture"]),
};

const otherMixtures: Tables = {
  variants: (runs) => tables.accuracies(runs, [...weighed, ...variants.slice(2)]),
  "variant-differences": (runs) => tables.differences(runs, variants, ["finetuned", "constantWeight", "mixture"]),
  gates: (runs) => tables.gates(runs, variants),
};

const keptBack: Tables = {
  accuracies: (runs) => tables.accuracies(runs, [...paperMethods, "ensemble"]),
  differences: (runs) => tables.differences(runs, ["mixture"], ["finetuned", "local", "ensemble"]),
  harmed: (runs) => tables.harmed(runs, ["fedavg", "finetuned", "mixture"]),
  cost: tables.cost,
};

const oneQuirkLess: Tables = {
  accuracies: (runs) => tables.accuracies(runs, [...paperMethods, "probability", "ensemble"]),
  differences: (runs) => tables.differences(runs, ["mixture"], ["finetuned", "probability"]),
  cost: tables.cost,
};

const costAlone: Table = (runs) => tables.cost(runs, "one run at a time, other programs beside");

const gated: Tables = {
  accuracies: (runs) => tables.accuracies(runs, ["fedavg", "calibrated", "labelLaw", "finetuned", "blend", "ensemble"]),
  gates: (runs) =>
    tables.accuracies(runs, [
      "mixture",
      "stackedGate",
      "constantBlend",
      "posterior",
      "permuted",
      "platt",
      "reweightedGate",
    ]),
  streams: (runs) => tables.accuracies(runs, ["posterior", "stream", "streamBlocks", "streamAlternating"]),
  differences: (runs) =>
    tables.differences(runs, ["labelLaw", "posterior", "stream"], ["finetuned", "ensemble", "fedavg"]),
  shares: gate.shares,
  law: gate.byLaw,
  weights: (runs) => tables.gates(runs, ["mixture", "stackedGate", "reweightedGate", "platt", "posterior"]),
};

const otherSights: Tables = {
  accuracies: (runs) =>
    tables.accuracies(runs, ["fedavg", "labelLaw", "finetuned", "pooled", "ensemble", "posterior", "featureGate"]),
  differences: (runs) =>
    tables.differences(runs, ["posterior", "featureGate"], ["finetuned", "ensemble", "constantBlend"]),
  weights: (runs) => tables.gates(runs, ["posterior", "featureGate"]),
  cost: costAlone,
};

/** What the posterior gate does in yet another setting. */
const gatedToo: Tables = {
  accuracies: (runs) =>
    tables.accuracies(runs, ["fedavg", "calibrated", "labelLaw", "finetuned", "ensemble", "mixture", "posterior"]),
  streams: (runs) => tables.accuracies(runs, ["posterior", "stream", "streamBlocks", "streamAlternating"]),
  differences: (runs) => tables.differences(runs, ["labelLaw", "posterior", "stream"], ["finetuned", "ensemble"]),
  shares: gate.shares,
  kept: gate.streams,
};

// opt-out 0 are runs of another sweep, at one of its p
const atSix =
  (table: Table): Table =>
  (runs) =>
    table(runs.filter(({ summary }) => summary.p === 0.6));
const optedOut: Tables = {
  ...gatedToo,
  parts: (runs) => tables.byOptOut(runs, ["fedavg", "labelLaw", "finetuned", "posterior", "stream"]),
};

const besideTheirs: Tables = {
  accuracies: besidePflMoe,
  differences: (runs) =>
    tables.differences(
      runs,
      ["fedavg+labelLaw", "fedavg+posterior", "fedavg+stream"],
      ["fedavg+head", "fedavg+pflMoe", "fedavg+ensemble"],
    ),
  cost: costAlone,
};

/** The tables of the pages by the sweep that they are of; where runs of two sweeps count together, by both names and a plus. */
const sections: Readonly<Record<string, Tables>> = {
  "cifar10-authors-code": {
    figure: tables.besideFigure,
    seeds: tables.seedRanges,
    clients: tables.clientSpread,
    differences: (runs) => tables.differences(runs, ["mixture"], ["finetuned", "ensemble", "constantWeight"]),
    gates: (runs) => tables.gates(runs, ["mixture"]),
    cost: tables.cost,
  },
  "cifar10-authors-code-again": { within: tables.withinFigure, cost: tables.cost },
  "cifar10-authors-code+cifar10-authors-code-again": { figure: tables.besideFigure },
  "cifar10-paper": asMeant,
  "cifar10-held-out": asMeant,
  "cifar10-more-labels": {
    accuracies: (runs) => tables.accuracies(runs, [...paperMethods, "ensemble"]),
    cost: tables.cost,
  },
  "cifar10-opt-out": {
    accuracies: (runs) => tables.accuracies(runs, [...paperMethods, "ensemble"]),
    parts: (runs) => tables.byOptOut(runs, paperMethods),
    differences: (runs) => tables.differences(runs, ["mixture"], ["finetuned", "ensemble", "constantWeight"]),
    ...otherMixtures,
    cost: tables.cost,
  },
  "cifar10-schedules": {
    variants: (runs) => tables.accuracies(runs, ["finetuned", "constantWeight", "mixture", ...schedules]),
    differences: (runs) => tables.differences(runs, schedules, ["finetuned", "constantWeight", "mixture"]),
    gates: (runs) => tables.gates(runs, ["mixture", ...schedules]),
    cost: tables.cost,
  },
  "cifar10-kept-back": keptBack,
  "cifar10-kept-back-long": keptBack,
  "cifar10-average": oneQuirkLess,
  "cifar10-average-best": oneQuirkLess,
  "fashion-mnist-paper": { ...compared, ...otherMixtures },
  "ag-news-paper": compared,
  "fashion-mnist-posterior": { ...gated, cost: tables.cost },
  "fashion-mnist-pooled": {
    accuracies: (runs) =>
      tables.accuracies(runs, ["finetuned", "blend", "pooled", "constantBlend", "posterior", "pooledGate"]),
    differences: (runs) => tables.differences(runs, ["pooled", "posterior", "pooledGate"], ["finetuned", "ensemble"]),
    cost: costAlone,
  },
  "fashion-mnist-rotated": otherSights,
  "fashion-mnist-renamed": otherSights,
  "cifar10-posterior+cifar10-posterior-p1": { ...gated, kept: gate.streams },
  "cifar10-posterior": { cost: costAlone },
  "cifar10-posterior+cifar10-posterior-opt-out": Object.fromEntries(
    Object.entries(optedOut).map(([name, table]) => [name, atSix(table)]),
  ),
  "cifar10-posterior-opt-out": { cost: costAlone },
  "cifar10-posterior-dirichlet": { ...gatedToo, cost: costAlone },
  "fashion-mnist-whole": { ...gatedToo, cost: costAlone },
  "ag-news-posterior": { ...gatedToo, cost: costAlone },
  "pfl-moe": { ...besideTheirs, public: publicPflMoe },
  "pfl-moe-cifar10": besideTheirs,
  "cifar10-posterior-p1": {
    pooled: (runs) => tables.accuracies(runs, ["finetuned", "blend", "pooled", "posterior", "pooledGate"]),
    differences: (runs) => tables.differences(runs, ["pooled", "posterior", "pooledGate"], ["finetuned", "ensemble"]),
    cost: costAlone,
  },
};

/** The runs of a sweep's folder. */
export async function readSweep(path: string): Promise<RunRecords[]> {
  return Promise.all((await runsAt(path)).done.map(readRun));
}

/** Everything that is made from the committed runs: pages by their path below docs/, and figures by theirs below docs/reproduction. */
export async function reproduction(before: Pages): Promise<{ pages: Pages; figures: Map<string, string> }> {
  const document = await openDocument();
  const pages = new Map(before);
  const figures = new Map<string, string>();
  const put = (kind: string, name: string, content: string): void => {
    const path = pageWith(pages, `<!-- ${kind}: ${name} -->`);
    pages.set(path, replaceSection(pages.get(path)!, kind, name, content));
  };
  const isShown = (file: string): boolean =>
    [...pages.values()].some((text) => text.includes(`(${file})`) || text.includes(`(reproduction/${file})`));
  const read = new Map<string, RunRecords[]>();
  for (const [sweep, made] of Object.entries(sections)) {
    const names = sweep.split("+");
    if (!names.every((name) => existsSync(join(folder, name)))) continue;
    for (const name of names) if (!read.has(name)) read.set(name, await readSweep(join(folder, name)));
    const runs = names.flatMap((name) => read.get(name)!);
    for (const [name, table] of Object.entries(made)) put("reproduced", `${sweep} ${name}`, table(runs));
    const settings = tables.namedSettings(runs);
    const [varied] = [...settings[0]!.values.keys()].filter((name) =>
      settings.every(({ values }) => typeof values.get(name) === "number"),
    );
    // beside the authors' own figure its methods, else also what nobody had to train
    const methods = sweep === "cifar10-authors-code" ? paperMethods : [...paperMethods, "ensemble"];
    for (const setting of settings) {
      const file = `${[sweep, ...[...setting.values].map(([name, value]) => `${name}${value}`)].join("-")}.svg`;
      if (isShown(file)) figures.set(file, figureFile(tradeOff(setting.runs.map((run) => run.metrics)), document));
    }
    if (varied && isShown(`${sweep}.svg`))
      figures.set(`${sweep}.svg`, figureFile(methodPaths(settings, varied, { methods }), document));
  }
  put("summary", "reproduction", summary(read, pages));
  return { pages, figures };
}

const kept = ["config.json", "summary.json", "timing.json", "clients.csv", "curves.csv"];

// a sweep without what is large: its weights are those of the command that is kept
function take(from: string): void {
  const to = join(folder, basename(from));
  rmSync(to, { recursive: true, force: true });
  for (const run of readdirSync(from, { withFileTypes: true })) {
    if (!run.isDirectory()) continue;
    mkdirSync(join(to, run.name), { recursive: true });
    for (const file of kept)
      // of runs of old, or in which nothing can be turned, there are no curves
      if (file !== "curves.csv" || existsSync(join(from, run.name, file)))
        copyFileSync(join(from, run.name, file), join(to, run.name, file));
  }
  copyFileSync(join(from, "sweep.json"), join(to, "sweep.json"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf("--take");
  if (at > 0) for (const from of process.argv.slice(at + 1)) take(resolve(from));
  const { pages, figures } = await reproduction(readPages(docs));
  for (const [path, text] of pages) writeFileSync(join(docs, path), text);
  for (const [name, svg] of figures) writeFileSync(join(folder, name), svg);
  console.log(
    [
      ...[...pages.keys()].map((path) => join(docs, path)),
      ...[...figures.keys()].map((name) => join(folder, name)),
    ].join("\n"),
  );
}
