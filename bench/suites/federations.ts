// Rounds of federations against those who simulate them too, with one worker and with two.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { images, made, type Rows } from "../federationData.ts";
import { federations as started, ours } from "../federationPeers.ts";
import { type FederationFinish, raceFederations } from "../federationRace.ts";
import { type FederationTask, writeTask } from "../federationTask.ts";
import type { Line } from "../line.ts";
import { median } from "../statistics.ts";
import type { Suite } from "../suite.ts";

interface Raced extends FederationTask {
  readonly name: string;
  readonly cohort: number;
  readonly checked: number;
  readonly data: () => Rows | Promise<Rows>;
}

type Found = Omit<Line, "suite" | "runtime" | "build">;

const cifar = (rows: number) => () => images("cifar10", 3072, rows);
const bytes = { bytes: true, batch: 10 } as const;
const small = { model: "tiny", shape: [8], bytes: false, rows: 10, epochs: 1, batch: 10, optimizer: "sgd", rate: 0.05 } as const; // prettier-ignore

const tasks: readonly Raced[] = [
  {
    name: "T1 LeNet-CIFAR, 5 of 100 clients",
    ...bytes,
    model: "lenetCifar",
    shape: [3, 32, 32],
    clients: 100,
    rows: 100,
    epochs: 3,
    optimizer: "adam",
    rate: 1e-3,
    cohort: 5,
    checked: 5,
    data: cifar(10_000),
  },
  {
    name: "T2 LeNet-Fashion, 50 of 1,000 clients",
    ...bytes,
    model: "lenetFashion",
    shape: [1, 28, 28],
    clients: 1000,
    rows: 10,
    epochs: 1,
    optimizer: "sgd",
    rate: 0.05,
    cohort: 50,
    checked: 50,
    data: () => images("fashion-mnist", 784, 10_000),
  },
  {
    name: "T3 apple's CNN, 10 of 1,000 clients",
    ...bytes,
    model: "apple",
    shape: [3, 32, 32],
    clients: 1000,
    rows: 50,
    epochs: 1,
    optimizer: "sgd",
    rate: 0.1,
    cohort: 10,
    checked: 2,
    data: cifar(50_000),
  },
  ...[10_000, 100_000].map((clients) => ({
    name: `T4 MLP 8-16-10, 1,000 of ${clients.toLocaleString("en")} clients`,
    ...small,
    clients,
    cohort: 1000,
    checked: 100,
    data: () => made(8, 10 * clients),
  })),
];
// of everybody; slow ones have fewer turns
const [TURNS, SECONDS] = [5, 6];
const nameOf = (name: string, workers: number): string => `${name}, ${workers === 1 ? "one worker" : "two workers"}`;

function* linesOf(name: string, finishes: readonly FederationFinish[]): Generator<Found> {
  const one = finishes[0]!;
  for (const finish of finishes.toSorted((a, b) => a.entrant.workers - b.entrant.workers)) {
    const { entrant, error, losses, steps, turns } = finish;
    const at = nameOf(name, entrant.workers);
    const reference = finishes.find((other) => other.entrant.name === one.entrant.name && other.entrant.workers === entrant.workers)!; // prettier-ignore
    const peer = finish === reference ? {} : { peer: entrant.name };
    const ratio = (over: FederationFinish): number =>
      median(finish.turns.slice(0, over.turns.length).map((seconds, i) => seconds / over.turns[i]!));
    if (error !== undefined) yield { name: at, ms: null, ...peer, error };
    else if (finish !== reference)
      yield { name: at, ms: 1000 * median(turns), ...peer, ...(!reference.error && { ratio: ratio(reference) }) };
    else {
      const gain = finish !== one && !one.error && { "x one worker": 1 / ratio(one) };
      const fall = { "checked steps": steps, "loss from": losses[0]!, "loss to": losses.at(-1)! };
      yield { name: at, ms: 1000 * median(turns), also: { ...gain, ...fall } };
    }
  }
}

async function* measure(
  wanted: (name: string) => boolean,
  { beside, rounds }: { beside: boolean; rounds: number },
): AsyncGenerator<Found> {
  const entrants = [ours(1), ours(2), ...(beside ? started(console.error) : [])];
  try {
    for (const { name, data, cohort, checked, ...task } of tasks) {
      const chosen = entrants.filter(({ workers }) => wanted(nameOf(name, workers)));
      if (chosen.length === 0) continue;
      const folder = mkdtempSync(join(tmpdir(), "moiety-federations-"));
      try {
        const { x, y, from } = await data();
        console.error(`${name}: rows ${from}`);
        writeTask(folder, task, x, y);
        const options = {
          folder,
          clients: task.clients,
          cohort,
          checked,
          turns: Math.min(TURNS, rounds),
          seconds: SECONDS,
        };
        yield* linesOf(name, await raceFederations(chosen, options));
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  } finally {
    await Promise.all(entrants.map((entrant) => entrant.close()));
  }
}

export const federations: Suite = {
  name: "federations",
  about:
    "a round of FedAvg, beside those who simulate federations too: the same clients, rows, first weights, batches and steps; " +
    "losses of three rounds are compared before anything is timed",
  cases: [],
  measure,
};
