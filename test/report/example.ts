// A made-up run whose numbers have the shape of the paper's: deterministic, and never trained.
import type { RunRecords } from "../../src/report/records.ts";
import type { ClientMetric, CurveMetric, GateMetric, Metric, RoundMetric } from "../../src/report/metrics.ts";
import { stat } from "../../src/report/stat.ts";

export interface ExampleOptions {
  readonly p?: number;
  readonly seed?: number;
  readonly optOut?: number;
  readonly clients?: number;
}

export const fashionNames: readonly string[] = [
  "T-shirt",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

/** A run folder's records for `clients` evaluated clients. */
export function exampleRun({ p = 0.6, seed = 1, optOut = 0.15, clients = 20 }: ExampleOptions = {}): RunRecords {
  const random = stream(seed * 7919 + Math.round(p * 100) * 31 + Math.round(optOut * 100));
  const rounds = exampleRounds(random, p);
  const results: ClientMetric[] = [];
  const gates: GateMetric[] = [];
  for (let client = 0; client < clients; client++) {
    const optedOut = client % 20 < optOut * 20;
    results.push(...exampleClient(random, client, optedOut, p));
    gates.push(exampleGate(random, client));
  }
  const metrics: Metric[] = [...rounds, ...results, ...gates];
  const bestRound = rounds.findLast(({ best }) => best)?.round ?? 0;
  const of = (method: string) => {
    const records = results.filter((result) => result.method === method);
    const over = (value: (result: ClientMetric) => number) => stat(records.map(value));
    return {
      localTest: over(({ localTest }) => localTest),
      globalTest: over(({ globalTest }) => globalTest),
      localNll: over(({ localNll }) => localNll),
      globalNll: over(({ globalNll }) => globalNll),
      localEce: over(({ localEce }) => localEce ?? NaN),
      globalEce: over(({ globalEce }) => globalEce ?? NaN),
    };
  };
  const shared = { preset: "quick", fidelity: "paper", dataset: "fashion-mnist", seed, p };
  return {
    config: {
      ...shared,
      optOut,
      classNames: fashionNames,
      federation: { clients: 100, perRound: 5, localEpochs: 3, rounds: rounds.length, batch: 10 },
      optimizer: { name: "adam", learningRate: 5e-5 },
    },
    summary: {
      version: 1,
      ...shared,
      optOut,
      ownRowsKeptBack: 0,
      clients: 100,
      rounds: rounds.length,
      bestRound,
      wallSeconds: 61.2,
      phases: { data: 0.8, federation: 22.4, finetuned: 11.9, local: 12.6, mixture: 11.1, evaluation: 2.4 },
      weightsSha256: "9f2c4a7be1d05f3386a0c1d2e4b5967788f0a1b2c3d4e5f60718293a4b5c6d7e",
      evaluatedClients: clients,
      methods: { local: of("local"), fedavg: of("fedavg"), finetuned: of("finetuned"), mixture: of("mixture") },
      command: `npx moiety run quick --p ${p} --opt-out ${optOut} --seed ${seed}`,
      runtime: "node 20.20.2, linux x64, 2 workers",
    },
    metrics,
  };
}

function exampleRounds(random: () => number, p: number): RoundMetric[] {
  let lowest = Infinity;
  return Array.from({ length: 60 }, (_, i) => {
    const round = i + 1;
    const progress = 1 - Math.pow(0.93, round);
    const train: RoundMetric = {
      kind: "round",
      round,
      clients: Array.from({ length: 5 }, () => Math.floor(random() * 100)),
      trainLoss: 2.3 - (1.3 - p * 0.4) * progress + (random() - 0.5) * 0.18,
      seconds: 0.37,
    };
    if (round % 4 !== 0) return train;
    const validationLoss = 2.3 - 0.95 * progress + Math.max(0, round - 44) * 0.006 + (random() - 0.5) * 0.03;
    const best = validationLoss < lowest;
    lowest = Math.min(lowest, validationLoss);
    return { ...train, validationLoss, validationAccuracy: 10 + 46 * progress + (random() - 0.5) * 2, best };
  });
}

function exampleClient(random: () => number, client: number, optedOut: boolean, p: number): ClientMetric[] {
  const around = (mean: number, width: number): number => mean + (random() + random() + random() - 1.5) * width;
  const ease = around(0, 8);
  // the lines of the paper's figure: the local model falls with 1 - p, the generalist rises
  const finetuned = 24 + p * 52 + ease;
  const local = finetuned - around(19 - p * 18, 17);
  const fedavg = 53 - p * 38 + around(0, 9);
  const generalist = 54 - p * 40;
  const result = (method: string, localTest: number, globalTest: number): ClientMetric => ({
    kind: "client",
    client,
    method,
    optedOut,
    localTest,
    globalTest,
    localNll: 4 - localTest / 25,
    globalNll: 4 - globalTest / 30,
    localEce: around(9, 3),
    globalEce: around(18, 5),
  });
  return [
    result("local", local, 20 - p * 7 + around(0, 2)),
    result("fedavg", fedavg, generalist),
    result("finetuned", finetuned, generalist - 1.5 - p * 4 + around(0, 2)),
    result("mixture", finetuned + around(0.4, 2.5), generalist - 1 - p * 2.8 + around(0, 2)),
  ];
}

function exampleGate(random: () => number, client: number): GateMetric {
  const classes = [client % 10, (client * 3 + 1) % 10];
  const bump = (middle: number, rows: number): number[] =>
    Array.from({ length: 20 }, (_, i) => {
      const distance = ((i + 0.5) / 20 - middle) / 0.17;
      return Math.round(rows * Math.exp(-distance * distance) * (0.7 + 0.6 * random()));
    });
  return {
    kind: "gate",
    client,
    own: bump(0.74, 60),
    other: bump(0.38, 170),
    perClass: Array.from(
      { length: 10 },
      (_, label) => (classes.includes(label) ? 0.72 : 0.36) + (random() - 0.5) * 0.25,
    ),
    classes,
  };
}

// mulberry32
function stream(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The same run with a posterior gate beside the mixture, the constant weights of the same experts, and their curves. */
export function exampleTradeOff(options: ExampleOptions = {}): RunRecords {
  const run = exampleRun(options);
  const of = (method: string): ClientMetric[] =>
    run.metrics.flatMap((metric) => (metric.kind === "client" && metric.method === method ? [metric] : []));
  const [own, all] = [of("finetuned"), of("fedavg")];
  const at = Array.from({ length: 11 }, (_, i) => i / 10);
  // from everybody's answer to the client's own, bent towards the corner where both are best
  const bent = (method: string, dial: string, bend: number): CurveMetric[] =>
    own.map(({ client, localTest, globalTest }, i): CurveMetric => {
      const way = (to: number, from: number): number[] => at.map((h) => from + h * (to - from) + bend * h * (1 - h));
      const other = all[i]!;
      return {
        kind: "curve",
        client,
        method,
        dial,
        at,
        localTest: way(localTest, other.localTest),
        globalTest: way(globalTest, other.globalTest),
      };
    });
  const curves = [...bent("constantBlend", "weight", 4), ...bent("posterior", "rho", 12)];
  return { ...run, metrics: [...run.metrics, ...curves] };
}
