// One worker against two over sizes of models: rounds of both in turns, so that whatever the machine does meanwhile it does to both.
import { firstState, methods, PoolHost, runRounds, startClients, States } from "../../src/federated/index.ts";
import { key } from "../../src/runtime/random.ts";
import { threadOf } from "../../test/support/thread.ts";
import { type Crowd, initialOf } from "../crowd.ts";
import type { Line } from "../line.ts";
import { median } from "../statistics.ts";
import type { Suite } from "../suite.ts";

const crowds: readonly (Crowd & { readonly name: string; readonly clients: number })[] = [
  { name: "178 weights", inputs: 8, hidden: 16, clients: 2000 },
  { name: "22,510 weights", inputs: 64, hidden: 300, clients: 600 },
  { name: "159,010 weights", inputs: 784, hidden: 200, clients: 200 },
  { name: "636,010 weights", inputs: 784, hidden: 800, clients: 60 },
];
// the first of them warm up
const [WARM, TIMES] = [2, 9];
const worker = threadOf(new URL("../crowdWorker.ts", import.meta.url));
const fedavg = methods.get("fedavg")!;

interface Took {
  readonly wall: number;
  readonly cpu: number;
}

/** Milliseconds of a client, round by round, for so many workers each; none of the rounds at the same time. */
async function raced(
  { clients, ...crowd }: Crowd & { readonly clients: number },
  sizes: readonly number[],
): Promise<Took[][]> {
  const pools = await Promise.all(sizes.map((size) => startClients(worker, crowd, size)));
  const server = fedavg.server(fedavg.options, undefined as never);
  const found = sizes.map((): Took[] => []);
  try {
    for (let time = 0; time < WARM + TIMES; time++)
      for (const [i, pool] of time % 2 ? [...pools.entries()].toReversed() : pools.entries()) {
        const states = new States();
        const state = firstState(server, { model: initialOf(crowd) });
        const all = Array.from({ length: clients }, (_, client) => client);
        const [began, cpu] = [performance.now(), process.cpuUsage()];
        await runRounds(
          {
            host: new PoolHost(pool, states),
            server,
            sends: fedavg.sends,
            states,
            clients: all,
            rounds: 1,
            cohort: clients,
            key: key(time),
          },
          state,
        );
        const wall = performance.now() - began;
        const { user, system } = process.cpuUsage(cpu);
        if (time >= WARM) found[i]!.push({ wall: wall / clients, cpu: (user + system) / 1000 / clients });
      }
  } finally {
    await Promise.all(pools.map((pool) => pool.close()));
  }
  return found;
}

async function* measure(wanted: (name: string) => boolean): AsyncGenerator<Omit<Line, "suite" | "runtime" | "build">> {
  for (const { name, ...crowd } of crowds) {
    if (!wanted(name)) continue;
    const [one, two] = (await raced(crowd, [1, 2])) as [Took[], Took[]];
    const ratio = (of: keyof Took): number => median(one.map((took, i) => took[of] / two[i]![of]));
    yield {
      name,
      ms: median(two.map(({ wall }) => wall)),
      also: {
        "ms one worker": median(one.map(({ wall }) => wall)),
        "x one worker": ratio("wall"),
        "processor ms": median(two.map(({ cpu }) => cpu)),
        "x its processor time": ratio("cpu"),
      },
    };
  }
}

export const workers: Suite = {
  name: "workers",
  about:
    "time per client and round with two workers, and how many times as fast that is as one (10 rows, one step, FedAvg)",
  cases: [],
  measure,
};
