// Methods side by side over settings and seeds: runs of one method or of many, taken apart into a line for each method in
// each setting. Where a method ran with several options, its validation loss says which of them counts; no test row does.
import { type Line, lineOf } from "./line.ts";
import { methodOrder } from "./methods.ts";
import { places, roundsOf } from "./measures.ts";
import { choose, chosenOf, meanOf, type Part } from "./part.ts";
import type { RunRecords } from "./records.ts";
import { distinct, grouped, type Setting, settingName } from "./sweep.ts";

/** A setting and its methods, best on the local test first. */
export interface Board {
  readonly setting: string;
  readonly clients: number;
  /** Validation accuracy that rounds and bytes are counted to, percent; FedAvg's own best unless it was given. */
  readonly target: number | undefined;
  readonly lines: readonly Line[];
}

/** Methods side by side, in every setting. */
export interface Leaderboard {
  /** A board for each setting. */
  readonly boards: readonly Board[];
  /** Mean place of a method on each test over the settings that have it, 1 is best. */
  readonly ranks: readonly {
    readonly method: string;
    readonly local: number;
    readonly global: number;
    readonly places: readonly number[];
  }[];
}

/** The leaderboard of runs. `target` is a validation accuracy in percent. */
export function leaderboard(all: readonly RunRecords[], target?: number): Leaderboard {
  const runs = distinct(all);
  // methods are lines, what else differs is a setting
  const bare = new Map(runs.map((run) => [{ ...run, config: without(run.config) }, run]));
  const { settings } = grouped([...bare.keys()]);
  const boards = settings.map((setting) =>
    boardOf(
      setting,
      setting.runs.map((run) => bare.get(run)!),
      target,
    ),
  );
  const methods = methodOrder(boards.flatMap(({ lines }) => lines.map(({ method }) => method)));
  const placed = boards.map(({ lines }) => ({
    lines,
    local: places(lines.map(({ localTest }) => localTest.mean)),
    global: places(lines.map(({ globalTest }) => globalTest.mean)),
  }));
  const ranks = methods.map((method) => {
    const at = placed.map(({ lines }) => lines.findIndex((line) => line.method === method));
    const of = (test: "local" | "global"): number[] =>
      placed.map((board, i) => (at[i]! < 0 ? NaN : board[test][at[i]!]!));
    return { method, local: meanOf(of("local")), global: meanOf(of("global")), places: of("local") };
  });
  return { boards, ranks: ranks.toSorted((a, b) => a.local - b.local) };
}

// nor does it matter when a run was looked at
function without(config: RunRecords["config"]): RunRecords["config"] {
  const left = ["methods", "training", "clock", "checkpointEvery"];
  return Object.fromEntries(
    Object.entries(config).filter(([name]) => !left.includes(name)),
  ) as unknown as RunRecords["config"];
}

function boardOf(setting: Setting, runs: readonly RunRecords[], given: number | undefined): Board {
  const parts = runs.flatMap((run) =>
    Object.keys(run.summary.methods).map((method): Part => ({ run, method, chosen: chosenOf(run, method) })),
  );
  const methods = methodOrder(parts.map(({ method }) => method));
  const chosen = methods.map((method) => choose(parts.filter((part) => part.method === method)));
  const of = (method: string): readonly Part[] =>
    chosen.find(({ parts: [first] }) => first!.method === method)?.parts ?? [];
  const fedavg = of("fedavg");
  const target = given ?? targetOf(fedavg);
  const lines = chosen.map((one) => lineOf(one, { local: of("local"), fedavg, target }));
  return {
    setting: settingName(setting),
    clients: runs[0]!.summary.evaluatedClients,
    target,
    lines: lines.toSorted((a, b) => b.localTest.mean - a.localTest.mean),
  };
}

function targetOf(fedavg: readonly Part[]): number | undefined {
  const best = fedavg.map(({ run }) =>
    roundsOf(run.metrics, "fedavg").reduce(
      (most, { validationAccuracy = -Infinity }) => Math.max(most, validationAccuracy),
      -Infinity,
    ),
  );
  return best.length > 0 && best.every(Number.isFinite) ? Math.min(...best) : undefined;
}
