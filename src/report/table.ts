// What runs give as plain text, for a terminal.
import type { Leaderboard } from "./leaderboard.ts";
import { methodOrder, methodStyle, paperMethods } from "./methods.ts";
import { fixed, plusMinus, signed } from "./numbers.ts";
import type { RunRecords, Summary } from "./records.ts";
import { groupGaps, type TaskFigures, taskFigures } from "./tasks.ts";
import { advantage, focusOfRuns, settingName, settingStat, sweepOf } from "./sweep.ts";

/**
 * Method, local test and global test accuracy in percent, each with the half width of its 95 % interval; of a run with another task
 * than telling classes its figures. Where rows have groups, gaps between these stand behind.
 */
export function methodTable({ methods, task }: Pick<Summary, "methods" | "task">): string {
  const figures = taskFigures({ ...(task && { task }) });
  if (figures) return taskLines(methods, figures);
  const gaps = groupGaps.filter(({ of }) => Object.values(methods).some((result) => result?.[of]));
  const rows = methodOrder(Object.keys(methods)).flatMap((method) => {
    const result = methods[method];
    if (!result) return [];
    const cells = [result.localTest, result.globalTest].flatMap(({ mean, ci95 }) => [fixed(mean), fixed(ci95)]);
    const told = gaps.map(({ of }) => (result[of] ? plusMinus(result[of]) : "–"));
    return [[methodStyle(method).label, ...cells, ...told]];
  });
  const more = gaps.map(({ label }) => `${label[0]!.toLowerCase()}${label.slice(1)}`);
  return columns([["method", "local test", "±", "global test", "±", ...more], ...rows], [15, 10, 5, 11, 5]);
}

function taskLines(methods: Summary["methods"], { test, beside }: TaskFigures): string {
  const sides = [test, ...beside].flatMap(({ label, local, global, digits }) => [
    { label: `local ${label}`, of: local, digits },
    { label: `global ${label}`, of: global, digits },
  ]);
  const rows = methodOrder(Object.keys(methods)).map((method) => [
    methodStyle(method).label,
    ...sides.map(({ of, digits }) => {
      const found = methods[method]?.[of];
      return found ? plusMinus(found, digits) : "–";
    }),
  ]);
  return columns([["method", ...sides.map(({ label }) => label)], ...rows], [15]);
}

/**
 * Every setting of many runs: local / global test accuracy in percent of the paper's methods, or of those that were asked for,
 * mean over seeds, and how much more the one in focus has than the last it is held against (the mixture than the fine-tuned
 * model), paired by client, with the half width of its 95 % interval.
 */
export function settingTable(runs: readonly RunRecords[]): string {
  const { settings } = sweepOf(runs);
  const focus = focusOfRuns(runs);
  const over = focus.against.at(-1);
  const methods =
    focus.method === "mixture"
      ? paperMethods
      : methodOrder(runs.flatMap(({ summary }) => Object.keys(summary.methods)));
  const both = (write: (test: "localTest" | "globalTest") => string): string =>
    `${write("localTest")} / ${write("globalTest")}`;
  const rows = settings.map((setting) => [
    settingName(setting),
    String(setting.runs.length),
    ...methods.map((method) => both((test) => fixed(settingStat(setting, method, test)?.mean))),
    ...(over === undefined
      ? []
      : [
          both((test) => {
            const more = advantage(setting, focus.method, over, test);
            return more ? plusMinus(more, 1, signed) : "–";
          }),
        ]),
  ]);
  const label = (method: string): string => methodStyle(method).label;
  const last = over === undefined ? [] : [`${label(focus.method)} − ${label(over)}`];
  return columns([["setting", "seeds", ...methods.map(label), ...last], ...rows]);
}

/** A leaderboard: a block of lines for each setting. */
export function boardTable({ boards, ranks }: Leaderboard): string {
  const blocks = boards.map(({ setting, lines }) => {
    const peers = lines.some(({ cost }) => cost?.peer !== undefined);
    const shared = ["method", "chosen", "seeds", "local test", "global test", "− FedAvg", "harmed", "MB"];
    const header = [...shared, ...(peers ? ["of peers"] : []), "seconds"];
    const rows = lines.map((line) => [
      methodStyle(line.method).label,
      `${line.chosen}${line.candidates > 1 ? ` (of ${line.candidates})` : ""}`,
      String(line.seeds),
      plusMinus(line.localTest),
      plusMinus(line.globalTest),
      line.overFedavg ? plusMinus(line.overFedavg.local, 1, signed) : "–",
      line.harmed.local === undefined ? "–" : `${fixed(100 * line.harmed.local, 0)} %`,
      line.cost ? fixed((line.cost.down + line.cost.up) / 1e6) : "–",
      ...(peers ? [line.cost?.peer === undefined ? "–" : fixed(line.cost.peer / 1e6)] : []),
      line.cost ? fixed(line.cost.seconds) : "–",
    ]);
    return `${setting}\n${columns([header, ...rows])}`;
  });
  if (boards.length < 2) return blocks.join("\n");
  const places = ranks.map(({ method, local, global }) => [methodStyle(method).label, fixed(local), fixed(global)]);
  return `${blocks.join("\n")}\nmean places\n${columns([["method", "local test", "global test"], ...places])}`;
}

// the first column to the left, all others to the right; at least so wide, or as its longest cell
function columns(rows: readonly (readonly string[])[], least: readonly number[] = []): string {
  const widths = rows[0]!.map((_, i) => Math.max(least[i] ?? 0, ...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) => row.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join("  "))
    .map((line) => `${line}\n`)
    .join("");
}
