// moiety's part in the race of federations, a process of its own that is spoken to as the peers' are (bench/peers/federations).
import { createInterface } from "node:readline";
import {
  type ClientCalls,
  clientCalls,
  firstState,
  isRejection,
  methods,
  PoolHost,
  runRounds,
  startClients,
  States,
} from "../src/federated/index.ts";
import { Around } from "../src/federated/hosts/around.ts";
import type { Order } from "../src/federated/hosts/host.ts";
import { fold, key } from "../src/runtime/random.ts";
import { InThread, type Pool } from "../src/runtime/pool.ts";
import { threadOf } from "../test/support/thread.ts";
import { benchOf, type LoadedTask, readTask } from "./federationTask.ts";
import type { FederationReply, FederationRequest } from "./federationPeers.ts";

const worker = threadOf(new URL("./federationWorker.ts", import.meta.url));
const fedavg = methods.get("fedavg")!;
const root = key(1);

/** Counts the steps that clients took. */
class Counting extends Around {
  steps = 0;

  override async train(orders: readonly Order[], round: number): ReturnType<Around["train"]> {
    const answers = await super.train(orders, round);
    for (const answer of answers) if (!isRejection(answer)) this.steps += answer.metrics["steps"]!;
    return answers;
  }
}

let loaded: Omit<LoadedTask, "plain"> | undefined;
let pools = new Map<boolean, Pool<ClientCalls>>();
let workers = 1;

// one worker is this thread; of the pools for plain and other rounds only one is there at a time
async function poolOf(plain: boolean): Promise<Pool<ClientCalls>> {
  const found = pools.get(plain);
  if (found) return found;
  await close();
  const setup: LoadedTask = { ...loaded!, plain };
  const pool = workers === 1 ? new InThread(clientCalls(benchOf(setup))) : await startClients(worker, setup, workers);
  pools.set(plain, pool);
  return pool;
}

async function close(): Promise<void> {
  for (const pool of pools.values()) await pool.close();
  pools = new Map();
}

async function rounds({ turn, cohorts, plain }: FederationRequest & { do: "rounds" }): Promise<FederationReply> {
  const { initial, task } = loaded!;
  const states = new States();
  const host = new Counting(new PoolHost(await poolOf(plain), states));
  const server = fedavg.server(fedavg.options, undefined as never);
  const [seconds, losses]: [number[], number[]] = [[], []];
  const { length: cohort } = cohorts[0]!;
  let began = performance.now();
  await runRounds(
    {
      host,
      server,
      sends: fedavg.sends,
      states,
      clients: plain ? cohorts[0]! : Array.from({ length: task.clients }, (_, client) => client),
      rounds: cohorts.length,
      cohort,
      key: fold(root, turn),
      onRound: ({ round, clients, trainLoss }) => {
        seconds.push((performance.now() - began) / 1000);
        losses.push(trainLoss!);
        if (!plain && clients.some((client, i) => client !== cohorts[round]![i]))
          throw new RangeError(`federation: cohort of round ${round}, got others than were drawn for the peers`);
        began = performance.now();
      },
    },
    firstState(server, { model: initial }),
  );
  return { seconds, losses, steps: host.steps };
}

async function answer(request: FederationRequest): Promise<FederationReply> {
  if (request.do === "rounds") return rounds(request);
  await close();
  loaded = readTask(request.folder);
  ({ workers } = request);
  return {};
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply: FederationReply;
  try {
    reply = await answer(JSON.parse(line) as FederationRequest);
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
await close();
