// docs/performance.md and the lines behind it: tables between marks, so that the numbers on the page are those that a
// command wrote: <!-- bench: step --> ... <!-- /bench -->
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { figureFile, openDocument } from "../src/report/index.ts";
import { standings, standingTable } from "./bars.ts";
import { rowsOf, speedChart, summary } from "./chart.ts";
import { type Line, parseLine } from "./line.ts";
import { replaceSection } from "../scripts/section.ts";
import { markdown } from "./table.ts";

/** Lines with those of the same suite and build replaced by new ones. */
export function replaceLines(kept: readonly Line[], fresh: readonly Line[]): Line[] {
  const key = ({ suite, build }: Line): string => `${suite} ${build}`;
  const renewed = new Set(fresh.map(key));
  return [...kept.filter((line) => !renewed.has(key(line))), ...fresh];
}

const page = fileURLToPath(new URL("../docs/performance.md", import.meta.url));
const data = fileURLToPath(new URL("../docs/performance.jsonl", import.meta.url));

/** Where the chart lies. */
export const chartFile: string = fileURLToPath(new URL("../docs/images/speed.svg", import.meta.url));

function keptLines(): Line[] {
  return existsSync(data) ? readFileSync(data, "utf8").trim().split("\n").map(parseLine) : [];
}

/** The chart of what is kept, and what the page says of it. */
export async function drawnChart(): Promise<{ svg: string; caption: string }> {
  const rows = rowsOf(keptLines());
  const caption =
    "![Speeds of moiety and others, PyTorch on one thread being 1](images/speed.svg)\n\n" +
    `*Further right is faster: ${summary(rows)}. Of single operations (conv, matmul, ops) only those stand here that PyTorch wins by most.*`;
  return { svg: figureFile(speedChart(rows), await openDocument()), caption };
}

/** Draws the chart again. */
export async function writeChart(): Promise<void> {
  const { svg, caption } = await drawnChart();
  writeFileSync(chartFile, svg);
  write("chart", caption);
}

/** Puts one suite's lines on the page, and how everything on it stands against what is promised. */
export async function writeSuite(fresh: readonly Line[], at: string): Promise<void> {
  const [first] = fresh;
  if (!first) return;
  const lines = replaceLines(keptLines(), fresh);
  writeFileSync(data, lines.map((line) => `${JSON.stringify(line, rounded)}\n`).join(""));
  // other builds and runtimes have sections of their own
  const plain = first.build === "plain";
  write(plain ? first.suite : `${first.suite} ${first.build}`, `${markdown(fresh)}\n\n${at}`);
  if (!plain) return;
  write("bars", standingTable(standings(lines.filter(({ build }) => build === "plain"))));
  await writeChart();
}

/** Puts a text on the page. */
export function write(section: string, content: string): void {
  writeFileSync(page, replaceSection(readFileSync(page, "utf8"), "bench", section, content));
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}
