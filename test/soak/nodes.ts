// Nodes of one process: some clients of an experiment, each with its key, its states and its log in a folder of its own, as
// `moiety join` keeps them. SIGTERM leaves cleanly.
//
//   node --import tsx test/soak/nodes.ts CONFIG ADDRESS FOLDER FIRST COUNT
import { configOf } from "../../src/cli/configOf.ts";
import { openDataset } from "../../src/cli/dataset.ts";
import { Folder } from "../../src/cli/folder.ts";
import { flowerCalls } from "../../src/experiment/flower.ts";
import { setUp } from "../../src/experiment/index.ts";
import { stateFiles } from "../../src/experiment/progress.ts";
import {
  connect,
  describe,
  KeptStates,
  loadIdentity,
  pooledTrainer,
  runNode,
  Transfers,
} from "../../src/federated/backends/flower/index.ts";
import { jsonLine } from "../../src/io/jsonl.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { HEARTBEAT_SECONDS, POLL_SECONDS } from "./experiment.ts";

const [configFile, address, place, first, count] = process.argv.slice(2) as [string, string, string, string, string];
const config = await configOf(configFile, {});
const { dataset } = await openDataset(config, undefined);
const pool = new InThread(flowerCalls({ setup: setUp(config, dataset) }));
const transfers = new Transfers();
const leave = new AbortController();
process.once("SIGTERM", () => leave.abort(new Error("leave")));

async function node(client: number): Promise<void> {
  const folder = new Folder(`${place}/client-${client}`);
  const states = new KeptStates(({ federation, method }) => stateFiles(folder, `states/${federation}/${method}`));
  const { reason } = await runNode({
    transport: await connect(address),
    identity: await loadIdentity(`${folder.path}/node.key`),
    trainer: pooledTrainer(pool, client, { states }),
    heartbeatSeconds: HEARTBEAT_SECONDS,
    pollSeconds: POLL_SECONDS,
    transfers,
    signal: leave.signal,
    onEvent: (event) => {
      if (event.type !== "task" && event.type !== "sent")
        console.log(`${new Date().toISOString()} client ${client}  ${describe(event)}`);
    },
    onLeaving: (leaving) => folder.append("sent.jsonl", jsonLine(leaving)),
  });
  if (reason !== "left") throw new Error(`nodes: client ${client}, got ${reason}, expected to go on until told`);
}

await Promise.all(Array.from({ length: Number(count) }, (_, i) => node(Number(first) + i)));
