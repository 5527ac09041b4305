// npm run docs:mixtures -- FOLDER [SECTION]: writes a table of docs/seed-list.md from the runs of `moiety compare`, as they lie in its folder:
// `comparison`, unless said, or `adapters`.
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

// whom methods are held against, by the words for it
const sections: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  comparison: { "the label law": "labelLaw", "fine-tuning": "fedavg+finetuned" },
  adapters: { "the label law": "labelLaw", FedAvg: "fedavg", "one adapter": "fedlora" },
};

const [folder, section = "comparison"] = process.argv.slice(2);
if (folder === undefined) throw new RangeError("mixtures: got no folder, expected that of a comparison (--out)");
const against = sections[section];
if (!against) throw new RangeError(`mixtures: section, got ${section}, expected ${Object.keys(sections).join(" or ")}`);
const { done, open } = await runsAt(folder);
if (open.length > 0)
  throw new RangeError(`mixtures: ${open.length} runs are not done: ${open.join(", ")}; go on first`);
const runs = await Promise.all(done.map(readRun));
const { boards } = leaderboard(runs);
if (boards.length !== 1) throw new RangeError(`mixtures: got ${boards.length} settings, expected one`);
// who is harmed is told where clients were also trained by themselves
const withLocal = boards[0]!.lines.some(({ harmed }) => harmed.local !== undefined);
const names = [
  "method",
  "local test",
  "global test",
  ...Object.keys(against).map((other) => `over ${other}`),
  ...(withLocal ? ["harmed"] : []),
  "MB",
  section === "adapters" ? "MB up" : "seconds",
];
const head = `| ${names.join(" | ")} |\n|${names.map(() => " --- |").join("")}`;
const lines = boards[0]!.lines.map(({ method, localTest, globalTest, harmed, cost }) => {
  const label = methodStyle(method).label;
  const cells = [
    label === method ? `\`${method}\`` : label,
    plusMinus(localTest),
    plusMinus(globalTest),
    ...Object.values(against).map((other) => over(runs, method, other)),
    ...(withLocal ? [harmed.local === undefined ? "–" : `${fixed(100 * harmed.local, 0)} %`] : []),
    cost ? fixed((cost.down + cost.up) / 1e6) : "–",
    cost ? fixed(section === "adapters" ? cost.up / 1e6 : cost.seconds) : "–",
  ];
  return `| ${cells.join(" | ")} |`;
});
writeFileSync(page, replaceSection(readFileSync(page, "utf8"), "mixtures", section, [head, ...lines].join("\n")));
console.log(page);
