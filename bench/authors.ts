// One README-sized run of CIFAR-10 (100 clients, p = 0.5, the authors' early stopping) against the authors' script on one
// PyTorch thread. Theirs takes a quarter of an hour, so its units of work are timed (bench/peers/authors.py), before our run
// and after it, and multiplied by how often our run did them: as many rounds, epochs, validations and tests.
//
//   npm run bench:authors -- [--write]      CIFAR-10 from where MOIETY_DATA says; --write puts the table into docs/reproduction/authors-code.md
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sources } from "../src/cli/sources.ts";
import { catalogue, gather } from "../src/data/catalogue.ts";
import { findDataset } from "../src/data/find.ts";
import { unpack } from "../src/data/gzip.ts";
import { parseJsonLines } from "../src/io/index.ts";
import type { Summary } from "../src/report/records.ts";
import type { Metric } from "../src/report/metrics.ts";
import { replaceSection } from "../scripts/section.ts";
import { machine, machineLine } from "./machine.ts";
import { installPython, python } from "./peers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = `${root}docs/reproduction/authors-code.md`;

const units = ["round", "validation", "epoch", "mixtureEpoch", "mixtureValidation", "test", "mixtureTest"] as const;
type Unit = (typeof units)[number];
type Seconds = Readonly<Record<Unit, number>>;

function program(name: string, args: readonly string[], output: "pipe" | "inherit"): string {
  const { status, stdout, error } = spawnSync(name, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", output, "inherit"],
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${name} ${args.join(" ")}: ended with ${status}`);
  return stdout;
}

function theirUnits(data: string): { torch: string; seconds: Seconds } {
  return JSON.parse(program(python, ["bench/peers/authors.py", data, "4"], "pipe")) as {
    torch: string;
    seconds: Seconds;
  };
}

/** How often our run did each unit of theirs, by phase. */
function counts(metrics: readonly Metric[]): Record<"federation" | "clients", Partial<Record<Unit, number>>> {
  const rounds = metrics.filter((metric) => metric.kind === "round");
  const trained = metrics.filter((metric) => metric.kind === "client");
  const heard = metrics.filter((metric) => metric.kind === "epoch");
  const epochs = (...methods: string[]): number =>
    trained.filter(({ method }) => methods.includes(method)).reduce((sum, { epochs = 0 }) => sum + epochs, 0);
  const validations = (...methods: string[]): number => heard.filter(({ method }) => methods.includes(method)).length;
  const clients = trained.filter(({ method }) => method === "mixture").length;
  return {
    federation: {
      round: rounds.length,
      validation: rounds.reduce(
        (sum, { validationLoss, clients: cohort }) => sum + (validationLoss === undefined ? 0 : cohort.length),
        0,
      ),
    },
    clients: {
      epoch: epochs("finetuned", "local"),
      validation: validations("finetuned", "local"),
      mixtureEpoch: epochs("mixture"),
      mixtureValidation: validations("mixture"),
      // the fine-tuned, the local and the federated model
      test: 3 * clients,
      mixtureTest: clients,
    },
  };
}

/** Puts CIFAR-10's batches into one folder as their script reads them, from wherever and however packed they are. */
async function batches(): Promise<string> {
  const { source } = await findDataset("cifar10", await sources(undefined));
  const entry = catalogue.cifar10;
  const { files } = await gather(source, entry, [...entry.files.train, ...entry.files.test]);
  const to = mkdtempSync(join(tmpdir(), "moiety-authors-"));
  for (const [i, stem] of [...entry.files.train, ...entry.files.test].entries())
    writeFileSync(join(to, stem), await unpack(files[i]!.bytes, files[i]!.name));
  return to;
}

const missing = installPython((text) => console.error(text));
if (missing !== null) throw new Error(`bench:authors: PyTorch cannot be had: ${missing}`);

const out = "runs/bench-authors";
rmSync(`${root}${out}`, { recursive: true, force: true });
const command = ["run", "cifar10", "--fidelity", "authors-code", "--p", "0.5"];
const data = await batches();
const before = theirUnits(data);
program(process.execPath, ["scripts/moiety.mjs", ...command, "--out", out], "inherit");
const after = theirUnits(data);
rmSync(data, { recursive: true });

const seconds = Object.fromEntries(
  units.map((unit) => [unit, (before.seconds[unit] + after.seconds[unit]) / 2]),
) as unknown as Seconds;
const summary = JSON.parse(readFileSync(`${root}${out}/summary.json`, "utf8")) as Summary;
const metrics = parseJsonLines(readFileSync(`${root}${out}/metrics.jsonl`, "utf8")).rows as Metric[];
const done = counts(metrics);
const rows = Object.entries(done).map(([phase, times]) => {
  const theirs = Object.entries(times).reduce((sum, [unit, count]) => sum + count * seconds[unit as Unit], 0);
  return { phase, ours: summary.phases[phase]!, theirs };
});
const total = rows.reduce((sum, { ours, theirs }) => ({ ours: sum.ours + ours, theirs: sum.theirs + theirs }), {
  ours: 0,
  theirs: 0,
});
const line = ({ phase, ours, theirs }: { phase: string; ours: number; theirs: number }): string =>
  `| ${phase} | ${ours.toFixed(0)} s | ${theirs.toFixed(0)} s | ${(theirs / ours).toFixed(1)}x |`;
const unitText = units.map((unit) => `${unit} ${(1000 * seconds[unit]).toFixed(0)} ms`).join(", ");
const table = [
  "| phase | moiety | PyTorch, one thread | |",
  "| --- | ---: | ---: | ---: |",
  ...rows.map(line),
  line({ phase: "**together**", ...total }),
  "",
  `moiety: \`moiety ${command.join(" ")}\`, ${summary.rounds} rounds, ${summary.runtime}. PyTorch ${before.torch}: ${unitText}, each timed for ` +
    `8 seconds, half of them before our run and half after it, times how often our run did it (${Object.values(done)
      .flatMap((times) => Object.entries(times).map(([unit, count]) => `${count} ${unit}`))
      .join(", ")}). ${machineLine(machine())}.`,
].join("\n");
console.log(table);
if (process.argv.includes("--write"))
  writeFileSync(page, replaceSection(readFileSync(page, "utf8"), "measured", "authors-script", table));
