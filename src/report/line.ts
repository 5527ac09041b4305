// A line of the leaderboard: what a method reached in a setting, against FedAvg and local models, and what it cost.
import { adjustedRand, clustersOf, reached, roundsOf, type Spread, spread } from "./measures.ts";
import { type Chosen, clientsOf, federationOf, meanOf, type Part } from "./part.ts";
import type { Stat } from "./records.ts";
import type { ClientMetric, ClockMetric, Metric, Model, Moment, TickMetric } from "./metrics.ts";
import { pairedDifference, stat } from "./stat.ts";
import { overSeeds, type Test } from "./sweep.ts";

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

/** What a line is compared with. */
interface Against {
  readonly local: readonly Part[];
  readonly fedavg: readonly Part[];
  readonly target: number | undefined;
}

/** The line of what was chosen of a method. */
export function lineOf({ parts, candidates }: Chosen, { local, fedavg, target }: Against): Line {
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
