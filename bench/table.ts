// Lines for a person: aligned on a terminal, or as Markdown for docs/performance.md.
import type { Line } from "./line.ts";

/** A duration with three significant digits in a unit that fits. */
export function duration(ms: number): string {
  if (ms < 1e-3) return `${digits(ms * 1e6)} ns`;
  if (ms < 1) return `${digits(ms * 1e3)} us`;
  return ms < 1e4 ? `${digits(ms)} ms` : `${digits(ms / 1e3)} s`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** One line for a terminal, as it is measured. */
export function textLine(line: Line): string {
  const { name, ms, gflops, ofPeak, peer, ratio, bimodal, error, also } = line;
  const label = (peer ? `  ${peer}` : name).padEnd(36);
  if (ms === null) return `${label} ${error}`;
  const columns = [
    duration(ms).padStart(9),
    gflops === undefined ? "" : `${gflops.toFixed(1).padStart(6)} GFLOPS`,
    ofPeak === undefined ? "" : `${ofPeak.toFixed(2)} of peak`,
    ratio === undefined ? "" : `${ratio.toFixed(2)}x our time`,
    ...Object.entries(also ?? {}).map(([unit, value]) => `${digits(value)} ${unit}`),
    bimodal
      ? `BIMODAL ${duration(bimodal.fast)} / ${duration(bimodal.slow)} (${(100 * bimodal.slowShare).toFixed(0)} %)`
      : "",
  ];
  return `${label} ${columns.filter(Boolean).join("  ")}`;
}

/** A suite's lines as a Markdown table: a row per case, a column per peer with its time and how many times ours that is. */
export function markdown(lines: readonly Line[]): string {
  const names = [...new Set(lines.map(({ name }) => name))];
  const peers = [...new Set(lines.flatMap(({ peer }) => (peer === undefined ? [] : [peer])))];
  const ours = lines.filter(({ peer }) => peer === undefined);
  const rated = ours.some(({ ofPeak }) => ofPeak !== undefined);
  const units = [...new Set(ours.flatMap(({ also }) => Object.keys(also ?? {})))];
  const errors: string[] = [];
  const cell = (line: Line | undefined): string => {
    if (!line) return "";
    if (line.ms === null) {
      if (!errors.includes(line.error!)) errors.push(line.error!);
      return `error ${errors.indexOf(line.error!) + 1}`;
    }
    return `${duration(line.ms)} (${line.ratio!.toFixed(2)}x)`;
  };
  const rows = names.map((name) => {
    const own = ours.find((line) => line.name === name);
    return [
      name,
      own?.ms == null ? "" : duration(own.ms) + (own.bimodal ? " (bimodal)" : ""),
      ...(rated ? [own?.gflops?.toFixed(1) ?? "", own?.ofPeak?.toFixed(2) ?? ""] : []),
      ...units.map((unit) => (own?.also?.[unit] === undefined ? "" : digits(own.also[unit]))),
      ...peers.map((peer) => cell(lines.find((line) => line.name === name && line.peer === peer))),
    ];
  });
  const header = ["case", "moiety", ...(rated ? ["GFLOPS", "of peak"] : []), ...units, ...peers];
  const table = [header, header.map((_, i) => (i === 0 ? "---" : "---:")), ...rows];
  const notes = errors.map((error, i) => `error ${i + 1}: \`${error.replaceAll("`", "'")}\``);
  return [...table.map((row) => `| ${row.join(" | ")} |`), ...(notes.length ? ["", notes.join("  \n")] : [])].join(
    "\n",
  );
}
