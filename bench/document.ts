// docs/performance.md and the lines behind it: tables between marks, so that the numbers on the page are those that a
// command wrote: <!-- bench: step --> ... <!-- /bench -->
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { standings, standingTable } from "./bars.ts";
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

/** Puts one suite's lines on the page, and how everything on it stands against what is promised. */
export function writeSuite(fresh: readonly Line[], at: string): void {
  const [first] = fresh;
  if (!first) return;
  const kept = existsSync(data) ? readFileSync(data, "utf8").trim().split("\n").map(parseLine) : [];
  const lines = replaceLines(kept, fresh);
  writeFileSync(data, lines.map((line) => `${JSON.stringify(line, rounded)}\n`).join(""));
  // other builds and runtimes have sections of their own
  const plain = first.build === "plain";
  write(plain ? first.suite : `${first.suite} ${first.build}`, `${markdown(fresh)}\n\n${at}`);
  if (plain) write("bars", standingTable(standings(lines.filter(({ build }) => build === "plain"))));
}

/** Puts a text on the page. */
export function write(section: string, content: string): void {
  writeFileSync(page, replaceSection(readFileSync(page, "utf8"), "bench", section, content));
}

function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}
