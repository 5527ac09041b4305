// Methods side by side over settings and seeds: runs of one method or of many, taken apart into a line for each method in
// each setting. Where a method ran with several options, its validation loss says which of them counts; no test row does.
import { methodOrder } from "./methods.ts";
import { adjustedRand, clustersOf, places, reached, roundsOf, type Spread, spread } from "./measures.ts";
import { clientsByMethod } from "./pairs.ts";
import type { ClientMetric, ClockMetric, Metric, Model, Moment, RunRecords, Stat, TickMetric } from "./records.ts";
import { pairedDifference, stat } from "./stat.ts";
import { distinct, grouped, overSeeds, type Setting, settingName, type Test } from "./sweep.ts";

/** One method with one choice of options in one run. */
interface Part {
  readonly run: RunRecords;
  readonly method: string;
  /** Its options and training, as the config has them: what candidates differ in. */
  readonly chosen: string;
}

/** A method in a setting: with the options that validation chose, over all seeds. */
export interface Line {
  readonly method: string;
  /** Its options and training where they are not the defaults, and of how many candidates they were chosen. */
  readonly chosen: string;
  readonly candidates: number;
  readonly seeds: number;
  readonly localTest: Stat;
  readonly globalTest: Stat;
  /** Of the local test, over all clients and seeds. */
  readonly spread: Spread;
  /** What it has more than FedAvg, paired by client and seed. */
  readonly overFedavg?: { readonly local: Stat; readonly global: Stat } | undefined;
  /** The share of clients, 0 to 1, that are worse off on their local test than with their own local model, or with FedAvg. */
  readonly harmed: { readonly local?: number | undefined; readonly fedavg?: number | undefined };
  /** Clients that took no part: held out or opted out. */
  readonly strangers?: Stat | undefined;
  readonly figures: Readonly<Record<Figure, number>>;
  /** Where a client's models stood: everybody's, its own before and after a turn, and both mixed. */
  readonly clock: readonly {
    readonly moment: Moment;
    readonly model: Model;
    readonly local: Stat;
    readonly global: Stat;
  }[];
  /** The best round by the test itself, as published tables have it: nobody could choose it. */
  readonly bestOnTest?: { readonly localWeighted: number; readonly global: number } | undefined;
  /** Of a run: bytes from and to all clients, seconds, rounds. */
  readonly cost?: Cost | undefined;
  /** Rounds and megabytes to the target, a mean over the seeds that reached it. */
  readonly target?: { readonly reached: number; readonly rounds: number; readonly megabytes: number } | undefined;
  /** Agreement of its clusters with the true ones. */
  readonly rand?: number | undefined;
}

export interface Cost {
  readonly down: number;
  readonly up: number;
  /** Of those down, other clients' as they sent them; there where the method has peers. */
  readonly peer?: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly kept: number;
}

const figures = [
  "localF1",
  "globalF1",
  "localAuc",
  "globalAuc",
  "localNll",
  "globalNll",
  "localEce",
  "globalEce",
] as const;
export type Figure = (typeof figures)[number];

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

// what a row of records belongs to: "ditto-shared" and "ditto+mixture" are of ditto's federation
function federationOf({ run, method }: Pick<Part, "run" | "method">): string | undefined {
  const names = Object.keys(run.summary.federations ?? {});
  return names
    .filter((name) => method === name || method.startsWith(`${name}-`) || method.startsWith(`${name}+`))
    .toSorted((a, b) => b.length - a.length)[0];
}

function chosenOf(run: RunRecords, method: string): string {
  const federation = federationOf({ run, method });
  if (federation === undefined) return "";
  const { methods = {}, training = {} } = run.config as { methods?: object; training?: object };
  const own = Object.entries({ ...methods }).filter(([name]) => name === federation || name === method);
  const told = [...own.map(([, options]) => options as object), (training as Record<string, object>)[federation] ?? {}];
  return told
    .flatMap((of) => Object.entries(of))
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" ");
}

// by the mean over seeds of the lowest validation loss: of a client's own training where there is one, else of the federation
function choose(parts: readonly Part[]): { readonly parts: readonly Part[]; readonly candidates: number } {
  const candidates = [...new Set(parts.map(({ chosen }) => chosen))].map((chosen) => {
    const own = parts.filter((part) => part.chosen === chosen);
    // the same run in two places, or a floor that all runs of a seed have
    const seeds = new Map<number, Part>();
    for (const part of own.toSorted((a, b) => Number(hasFedavg(b)) - Number(hasFedavg(a))))
      if (!seeds.has(part.run.summary.seed)) seeds.set(part.run.summary.seed, part);
    return [...seeds.values()].toSorted((a, b) => a.run.summary.seed - b.run.summary.seed);
  });
  const losses = candidates.map((own) => meanOf(own.map(validationLoss)));
  const known = losses.map((loss) => (Number.isNaN(loss) ? Infinity : loss));
  return { parts: candidates[known.indexOf(Math.min(...known))]!, candidates: candidates.length };
}

const hasFedavg = ({ run }: Part): boolean => "fedavg" in run.summary.methods;

function validationLoss(part: Part): number {
  const own = clientsOf(part).map(({ bestLoss = NaN }) => bestLoss);
  if (own.length > 0 && own.every(Number.isFinite)) return meanOf(own);
  const rounds = roundsOf(part.run.metrics, federationOf(part));
  const losses = rounds.flatMap(({ validationLoss: loss }) => (loss === undefined ? [] : [loss]));
  return losses.length > 0 ? Math.min(...losses) : NaN;
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

function clientsOf({ run, method }: Pick<Part, "run" | "method">): ClientMetric[] {
  return clientsByMethod(run.metrics).get(method) ?? [];
}

interface Against {
  readonly local: readonly Part[];
  readonly fedavg: readonly Part[];
  readonly target: number | undefined;
}

function lineOf({ parts, candidates }: ReturnType<typeof choose>, { local, fedavg, target }: Against): Line {
  const [first] = parts;
  const { method } = first!;
  const clients = parts.flatMap(clientsOf);
  const summed = (test: Test): Stat => overSeeds(parts.map(({ run }) => run.summary.methods[method]![test]))!;
  const against = (others: readonly Part[]): readonly (readonly [ClientMetric, ClientMetric])[] =>
    first!.method === others[0]?.method ? [] : pairs(parts, others);
  const [withLocal, withFedavg] = [against(local), against(fedavg)];
  const share = (of: ReturnType<typeof against>): number | undefined =>
    of.length > 0 ? of.filter(([own, other]) => own.localTest < other.localTest).length / of.length : undefined;
  const difference = (test: Test): Stat =>
    pairedDifference(
      withFedavg.map(([own]) => own[test]),
      withFedavg.map(([, other]) => other[test]),
    );
  const weights = clients.map(({ testRows }) => testRows ?? NaN);
  const out = clients.filter(({ optedOut }) => optedOut);
  return {
    method,
    chosen: first!.chosen,
    candidates,
    seeds: parts.length,
    localTest: summed("localTest"),
    globalTest: summed("globalTest"),
    spread: spread(
      clients.map(({ localTest }) => localTest),
      weights.every(Number.isFinite) ? weights : undefined,
    ),
    overFedavg:
      withFedavg.length > 0 ? { local: difference("localTest"), global: difference("globalTest") } : undefined,
    harmed: { local: share(withLocal), fedavg: share(withFedavg) },
    strangers: out.length > 0 ? stat(out.map(({ localTest }) => localTest)) : undefined,
    figures: Object.fromEntries(
      figures.map((figure) => [
        figure,
        meanOf(parts.map(({ run }) => run.summary.methods[method]![figure]?.mean ?? NaN)),
      ]),
    ) as Record<Figure, number>,
    clock: clockOf(parts),
    bestOnTest: bestOnTest(parts),
    cost: costOf(parts),
    target: target === undefined ? undefined : targetOfLine(parts, target),
    rand: randOf(parts),
  };
}

// by seed and client
function pairs(parts: readonly Part[], others: readonly Part[]): (readonly [ClientMetric, ClientMetric])[] {
  return parts.flatMap((part) => {
    const other = others.find(({ run }) => run.summary.seed === part.run.summary.seed);
    const found = new Map((other ? clientsOf(other) : []).map((one) => [one.client, one]));
    return clientsOf(part).flatMap((one) => {
      const pair = found.get(one.client);
      return pair ? [[one, pair] as const] : [];
    });
  });
}

function clockOf(parts: readonly Part[]): Line["clock"] {
  const isOwn = (metric: Metric): metric is ClockMetric =>
    metric.kind === "clock" && metric.method === parts[0]!.method;
  const all = parts.flatMap(({ run }) => run.metrics.filter(isOwn));
  const models: readonly Model[] = ["global", "before", "after", "mixed"];
  return (["validated", "last"] as const).flatMap((moment) =>
    models.flatMap((model) => {
      const found = all.filter((one) => one.moment === moment && one.model === model);
      if (found.length === 0) return [];
      const over = (test: Test): Stat => stat(found.map((one) => one[test]));
      return [{ moment, model, local: over("localTest"), global: over("globalTest") }];
    }),
  );
}

function bestOnTest(parts: readonly Part[]): Line["bestOnTest"] {
  const best = parts.flatMap((part) => {
    const ticks = part.run.metrics.filter(
      (one): one is TickMetric => one.kind === "tick" && one.method === part.method,
    );
    const rows = new Map(clientsOf(part).map(({ client, testRows }) => [client, testRows ?? 1]));
    const weighted = ticks.map(
      ({ clients, localTest }) =>
        spread(
          localTest,
          clients.map((client) => rows.get(client) ?? 0),
        ).weighted,
    );
    return ticks.length > 0
      ? [{ local: Math.max(...weighted), global: Math.max(...ticks.map(({ globalTest }) => meanOf(globalTest))) }]
      : [];
  });
  if (best.length === 0) return undefined;
  return { localWeighted: meanOf(best.map(({ local }) => local)), global: meanOf(best.map(({ global }) => global)) };
}

function costOf(parts: readonly Part[]): Cost | undefined {
  const all = parts.flatMap((part) => {
    const name = federationOf(part);
    const found = name === undefined ? undefined : part.run.summary.federations?.[name];
    return found ? [{ ...found, seconds: part.run.summary.phases[name!] ?? NaN }] : [];
  });
  if (all.length < parts.length) return undefined;
  const mean = (of: (one: (typeof all)[number]) => number): number => meanOf(all.map(of));
  return {
    down: mean(({ down }) => down),
    up: mean(({ up }) => up),
    ...(all.some(({ peer }) => peer !== undefined) && { peer: mean(({ peer = 0 }) => peer) }),
    seconds: mean(({ seconds }) => seconds),
    rounds: mean(({ rounds }) => rounds),
    kept: mean(({ bestRound }) => bestRound),
  };
}

function targetOfLine(parts: readonly Part[], target: number): Line["target"] {
  if (federationOf(parts[0]!) !== parts[0]!.method) return undefined;
  const found = parts.flatMap(({ run, method }) => reached(roundsOf(run.metrics, method), target) ?? []);
  return {
    reached: found.length,
    rounds: meanOf(found.map(({ rounds }) => rounds)),
    megabytes: meanOf(found.map(({ down, up }) => (down + up) / 1e6)),
  };
}

function randOf(parts: readonly Part[]): number | undefined {
  const found = parts.flatMap((part) => {
    const truth = clustersOf(part.run.config);
    const clients = clientsOf(part).filter(({ cluster }) => cluster !== undefined);
    if (!truth || clients.length < 2) return [];
    return [
      adjustedRand(
        clients.map(({ cluster }) => cluster!),
        clients.map(({ client }) => truth(client)),
      ),
    ];
  });
  return found.length > 0 ? meanOf(found) : undefined;
}

// of those there are
function meanOf(values: readonly number[]): number {
  const some = values.filter((value) => !Number.isNaN(value));
  return some.length > 0 ? some.reduce((a, b) => a + b, 0) / some.length : NaN;
}
