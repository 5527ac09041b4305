// npm run docs:mixtures -- FOLDER: writes the table of docs/seed-list.md from the runs of `moiety compare`, as they lie in its folder.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readRun } from "../src/cli/records.ts";
import { runsAt } from "../src/cli/runs.ts";
import { leaderboard, methodStyle, pairedDifference, type RunRecords } from "../src/report/index.ts";
import { fixed, plusMinus, signed } from "../src/report/numbers.ts";
import { replaceSection } from "./section.ts";

const page = fileURLToPath(new URL("../docs/seed-list.md", import.meta.url));

/** Local tests of a method, by client and seed; of one that several runs have, those where FedAvg runs. */
function testsOf(runs: readonly RunRecords[], method: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const { metrics, summary } of runs)
    for (const one of metrics)
      if (one.kind === "client" && one.method === method) {
        const at = `${summary.seed} ${one.client}`;
        if (!found.has(at) || Object.hasOwn(summary.methods, "fedavg")) found.set(at, one.localTest);
      }
  return found;
}

function over(runs: readonly RunRecords[], method: string, other: string): string {
  if (method === other) return "–";
  const [a, b] = [testsOf(runs, method), testsOf(runs, other)];
  const both = [...a.keys()].filter((at) => b.has(at));
  const stat = pairedDifference(
    both.map((at) => a.get(at)!),
    both.map((at) => b.get(at)!),
  );
  return plusMinus(stat, 1, signed);
}

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new RangeError("mixtures: got no folder, expected that of a comparison (--out)");
const { done, open } = await runsAt(folder);
if (open.length > 0)
  throw new RangeError(`mixtures: ${open.length} runs are not done: ${open.join(", ")}; go on first`);
const runs = await Promise.all(done.map(readRun));
const { boards } = leaderboard(runs);
if (boards.length !== 1) throw new RangeError(`mixtures: got ${boards.length} settings, expected one`);
const head =
  "| method | local test | global test | over the label law | over fine-tuning | harmed | MB | seconds |\n" +
  "| --- | --- | --- | --- | --- | --- | --- | --- |";
const lines = boards[0]!.lines.map(({ method, localTest, globalTest, harmed, cost }) => {
  const label = methodStyle(method).label;
  const cells = [
    label === method ? `\`${method}\`` : label,
    plusMinus(localTest),
    plusMinus(globalTest),
    over(runs, method, "labelLaw"),
    over(runs, method, "fedavg+finetuned"),
    harmed.local === undefined ? "–" : `${fixed(100 * harmed.local, 0)} %`,
    cost ? fixed((cost.down + cost.up) / 1e6) : "–",
    cost ? fixed(cost.seconds) : "–",
  ];
  return `| ${cells.join(" | ")} |`;
});
writeFileSync(page, replaceSection(readFileSync(page, "utf8"), "mixtures", "comparison", [head, ...lines].join("\n")));
console.log(page);
