// Tables of docs/reproduction.md. Accuracies in percent, local / global test; `±` is the half width of a 95 % t-interval.
import {
  clientsByMethod,
  difference,
  methodOrder,
  methodStyle,
  pairClients,
  type RunRecords,
  type Setting,
  settingName,
  settingStat,
  type Stat,
  stat,
  sweepOf,
} from "../../src/report/index.ts";
import { duration, fixed, plusMinus, signed } from "../../src/report/numbers.ts";
import { published } from "./published.ts";

export type Runs = readonly RunRecords[];
export const tests = ["localTest", "globalTest"] as const;
type Test = (typeof tests)[number];

export function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map((_, i) => (i === 0 ? "---" : "---:")), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The settings of runs. Where one parameter alone tells them apart, as p does, rates that go with it are not named. */
export function namedSettings(runs: Runs): readonly Setting[] {
  const { parameters, settings } = sweepOf(runs);
  const values = (name: string): Set<unknown> => new Set(settings.map((setting) => setting.values.get(name)));
  const alone = parameters.find((name) => values(name).size === settings.length);
  if (alone === undefined) return settings;
  return settings.map((setting) => ({ ...setting, values: new Map([[alone, setting.values.get(alone)!]]) }));
}

export function settingsOf(runs: Runs): { settings: readonly Setting[]; seeds: string } {
  const settings = namedSettings(runs);
  const counts = [...new Set(settings.map((setting) => setting.runs.length))];
  return {
    settings,
    seeds: counts.length === 1 ? `${counts[0]} seeds` : `${Math.min(...counts)} to ${Math.max(...counts)} seeds`,
  };
}

export const clientsOf = (runs: Runs): string => `${runs[0]!.summary.evaluatedClients} clients a seed`;

/** Accuracies by setting and method. */
export function accuracies(runs: Runs, named?: readonly string[]): string {
  const methods = named ?? methodOrder(Object.keys(runs[0]!.summary.methods));
  const { settings, seeds } = settingsOf(runs);
  const cell = (setting: Setting, method: string): string =>
    tests.map((test) => plusMinus(settingStat(setting, method, test)!)).join(" / ");
  const table = markdown(
    ["", ...methods.map((method) => methodStyle(method).label)],
    settings.map((setting) => [settingName(setting), ...methods.map((method) => cell(setting, method))]),
  );
  return `${table}\n\nLocal / global test accuracy in percent, mean of ${seeds}, ± over seeds; ${clientsOf(runs)}.`;
}

// the methods of the published figure, in its order
const plotted = Object.keys(published["1"]!);

interface Coordinate {
  readonly p: string;
  readonly method: string;
  readonly test: Test;
  readonly ours: number;
  readonly theirs: number;
}

// every coordinate of the published figure, and where our runs have it
function coordinates(settings: readonly Setting[]): Coordinate[] {
  return settings.toReversed().flatMap((setting) => {
    const p = String(setting.values.get("p"));
    return plotted.flatMap((method) =>
      tests.map((test, axis) => {
        const ours = settingStat(setting, method, test)!.mean;
        return { p, method, test, ours, theirs: published[p]![method]![axis]! };
      }),
    );
  });
}

/** How many coordinates are within 3 points of the published figure, and which are not. */
export function withinFigure(runs: Runs): string {
  const all = coordinates(settingsOf(runs).settings);
  const outside = all.filter(({ ours, theirs }) => Math.abs(ours - theirs) > 3);
  const named = outside.map(
    ({ p, method, test, ours, theirs }) =>
      `${methodStyle(method).label} at p = ${p} on the ${test === "localTest" ? "local" : "global"} test (${signed(ours - theirs)})`,
  );
  return (
    `**${all.length - outside.length} of ${all.length}** coordinates are within 3 points of the figure.` +
    (named.length ? ` Outside: ${named.join("; ")}.` : "")
  );
}

/** Ours beside the published figure. */
export function besideFigure(runs: Runs): string {
  const { settings, seeds } = settingsOf(runs);
  const all = coordinates(settings);
  const cell = (p: string, method: string): string => {
    const both = all.filter((at) => at.p === p && at.method === method);
    const joined = (text: (at: Coordinate) => string): string => both.map(text).join(" / ");
    const gaps = joined(({ ours, theirs }) => signed(ours - theirs));
    return `**${joined(({ ours }) => fixed(ours))}** · ${joined(({ theirs }) => fixed(theirs))} · ${gaps}`;
  };
  const rows = [...new Set(all.map(({ p }) => p))].map((p) => [p, ...plotted.map((method) => cell(p, method))]);
  const table = markdown(["p", ...plotted.map((method) => methodStyle(method).label)], rows);
  return (
    `${table}\n\nLocal / global test accuracy in percent: **ours** (mean of ${seeds}, ${clientsOf(runs)}) · the figure · ours − the figure.\n\n` +
    withinFigure(runs)
  );
}

function ofPlotted(runs: Runs, cell: (setting: Setting, method: string, test: Test) => number): string {
  return markdown(
    ["p", ...plotted.map((method) => methodStyle(method).label)],
    settingsOf(runs)
      .settings.toReversed()
      .map((setting) => [
        String(setting.values.get("p")),
        ...plotted.map((method) => tests.map((test) => fixed(cell(setting, method, test))).join(" / ")),
      ]),
  );
}

/** How far coordinates move from seed to seed: the range over seeds by method. */
export function seedRanges(runs: Runs): string {
  return ofPlotted(runs, (setting, method, test) => {
    const means = setting.runs.map(({ summary }) => summary.methods[method]![test].mean);
    return Math.max(...means) - Math.min(...means);
  });
}

/** How far clients lie apart: the standard deviation over the clients of all seeds. */
export function clientSpread(runs: Runs): string {
  return ofPlotted(runs, (setting, method, test) => {
    const clients = setting.runs.flatMap(({ metrics }) => clientsByMethod(metrics).get(method) ?? []);
    return stat(clients.map((client) => client[test])).std;
  });
}

/** Methods minus others, paired by client over all seeds; in brackets how many seeds have that sign. */
export function differences(runs: Runs, methods: readonly string[], others: readonly string[]): string {
  const { settings, seeds } = settingsOf(runs);
  const cell = (setting: Setting, method: string, other: string, test: Test): string => {
    const pairs = setting.runs.map(({ metrics }) => pairClients(metrics, other, method));
    const all = difference(pairs.flat(), test)!;
    const bySeed = pairs.map((of) => difference(of, test)!.mean);
    const agreeing = bySeed.filter((mean) => Math.sign(mean) === Math.sign(all.mean)).length;
    const text = plusMinus(all, 2, signed);
    return `${isClear(all) ? `**${text}**` : text} (${agreeing}/${bySeed.length})`;
  };
  const rows = settings.flatMap((setting) =>
    methods.map((method) => [
      settingName(setting),
      methodStyle(method).label,
      ...others.flatMap((other) => tests.map((test) => (method === other ? "" : cell(setting, method, other, test)))),
    ]),
  );
  const table = markdown(
    ["", "", ...others.flatMap((other) => [`− ${methodStyle(other).label}, local`, "global"])],
    rows,
  );
  return (
    `${table}\n\nThe first minus the other, in points, paired by client over ${seeds} (${clientsOf(runs)}); bold where the 95 % interval ` +
    `excludes 0; in brackets the seeds whose mean has that sign.`
  );
}

export function isClear({ mean, ci95 }: Stat): boolean {
  return Math.abs(mean) > ci95;
}

/** Clients that are worse off with a method than with their own local model, on the local test. */
export function harmed(runs: Runs, methods: readonly string[]): string {
  const { settings } = settingsOf(runs);
  const cell = (setting: Setting, method: string): string => {
    const pairs = setting.runs.flatMap(({ metrics }) => pairClients(metrics, "local", method));
    return `${pairs.filter(({ from, to }) => to.localTest < from.localTest).length} of ${pairs.length}`;
  };
  return markdown(
    ["clients that are better off alone than with", ...methods.map((method) => methodStyle(method).label)],
    settings.map((setting) => [settingName(setting), ...methods.map((method) => cell(setting, method))]),
  );
}

/** The same for clients that opted in and that opted out, apart. */
export function byOptOut(runs: Runs, methods: readonly string[]): string {
  const { settings, seeds } = settingsOf(runs);
  const cell = (setting: Setting, method: string, out: boolean): string | undefined => {
    const found = tests.map((test) => {
      const values = setting.runs.flatMap(({ metrics }) =>
        clientsByMethod(metrics)
          .get(method)!
          .flatMap((client) => (client.optedOut === out ? [client[test]] : [])),
      );
      return values.length > 1 ? plusMinus(stat(values)) : undefined;
    });
    return found.every((text) => text !== undefined) ? found.join(" / ") : undefined;
  };
  const rows = settings.flatMap((setting) =>
    [false, true].flatMap((out) => {
      const cells = methods.map((method) => cell(setting, method, out));
      if (cells.some((text) => text === undefined)) return [];
      const count = setting.runs.flatMap(({ metrics }) =>
        clientsByMethod(metrics)
          .get("local")!
          .filter(({ optedOut }) => optedOut === out),
      ).length;
      return [[settingName(setting), out ? "opted out" : "opted in", String(count), ...(cells as string[])]];
    }),
  );
  const table = markdown(["", "clients", "evaluated", ...methods.map((method) => methodStyle(method).label)], rows);
  return `${table}\n\nLocal / global test accuracy in percent, ± over the clients of ${seeds}.`;
}

/** Losses and calibration by setting and method. */
export function calibration(runs: Runs, methods: readonly string[]): string {
  const { settings, seeds } = settingsOf(runs);
  const mean = (
    setting: Setting,
    method: string,
    figure: "localNll" | "globalNll" | "localEce" | "globalEce",
  ): number => stat(setting.runs.map(({ summary }) => summary.methods[method]![figure]!.mean)).mean;
  const table = markdown(
    ["", ...methods.map((method) => methodStyle(method).label)],
    settings.map((setting) => [
      settingName(setting),
      ...methods.map((method) => {
        const nll = (["localNll", "globalNll"] as const).map((figure) => fixed(mean(setting, method, figure), 2));
        const ece = (["localEce", "globalEce"] as const).map((figure) => fixed(mean(setting, method, figure)));
        return `${nll.join(" / ")}, ${ece.join(" / ")}`;
      }),
    ]),
  );
  return `${table}\n\nNegative log-likelihood in nats and expected calibration error in percent, each local / global test, means of ${seeds}.`;
}

/** What gates do: mean weight of the specialist on own and on other classes, their difference, spread within a client. */
export function gates(runs: Runs, named?: readonly string[]): string {
  const names = named ?? Object.keys(runs[0]!.summary.gates!);
  const { settings, seeds } = settingsOf(runs);
  const rows = settings.flatMap((setting) =>
    names.map((name) => {
      const found = setting.runs.map(({ summary }) => summary.gates![name]!);
      const over = (of: (gate: (typeof found)[number]) => number): Stat => stat(found.map(of));
      return [
        settingName(setting),
        methodStyle(name).label,
        plusMinus(
          over(({ own }) => own.mean),
          3,
        ),
        plusMinus(
          over(({ other }) => other.mean),
          3,
        ),
        plusMinus(
          over(({ own, other }) => own.mean - other.mean),
          3,
          signed,
        ),
        plusMinus(
          over(({ spread }) => spread.mean),
          3,
        ),
      ];
    }),
  );
  const table = markdown(["", "gate", "h on own classes", "h on other classes", "own − other", "spread"], rows);
  return (
    `${table}\n\nh is the weight of the specialist over the global test, spread its standard deviation within a client; means over ` +
    `${clientsOf(runs)}, ± over ${seeds}.`
  );
}

/** What a sweep cost. @param beside what else the cores did */
export function cost(runs: Runs, beside = "two runs side by side"): string {
  const { settings } = settingsOf(runs);
  const phases = [...new Set(runs.flatMap(({ summary }) => Object.keys(summary.phases)))];
  const seconds = (of: Runs, value: (run: RunRecords) => number): string => duration(stat(of.map(value)).mean);
  const rows = settings.map((setting) => [
    settingName(setting),
    stat(setting.runs.map(({ summary }) => summary.rounds)).mean.toFixed(0),
    ...phases.map((phase) => seconds(setting.runs, ({ summary }) => summary.phases[phase] ?? 0)),
    seconds(setting.runs, ({ summary }) => summary.wallSeconds),
  ]);
  const total = runs.reduce((sum, { summary }) => sum + summary.wallSeconds, 0);
  const table = markdown(["", "rounds", ...phases, "a run"], rows);
  const { runtime, kernels } = runs[0]!.summary;
  return `${table}\n\n${runs.length} runs, ${duration(total)} of one core in all (${runtime}, ${kernels} kernels; ${beside}).`;
}
