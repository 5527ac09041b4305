// Two hundred clients of one process on a real Flower.
import { flowerCalls } from "../../../src/experiment/flower.ts";
import { parseConfig, preset, setUp } from "../../../src/experiment/index.ts";
import { pooledTrainer, Transfers } from "../../../src/federated/backends/flower/index.ts";
import { InThread } from "../../../src/runtime/pool.ts";
import { suite, assert } from "../../support/suite.ts";
import { fashion } from "../support/fashion.ts";
import { finalStatus, member, until, withSuperLink } from "./federation.ts";

export const crowd: ReturnType<typeof suite> = suite("real flower, crowd");

crowd("200 clients in one process complete 3 rounds", async () => {
  const CLIENTS = 200;
  const base = preset("quick");
  const federation = { ...base.federation, rounds: 3, cohort: CLIENTS, localEpochs: 1 };
  const rows = { train: 20, validation: 10, test: 10 };
  const partition = { kind: "iid" };
  const config = parseConfig({ ...base, clients: CLIENTS, rows, partition, federation });
  const pool = new InThread(flowerCalls({ setup: setUp(config, await fashion()) }));
  await withSuperLink("crowd", { limitSeconds: 1800 }, async (link, folder) => {
    const transfers = new Transfers({ concurrent: 8 });
    const members = await Promise.all(
      Array.from({ length: CLIENTS }, (_, id) =>
        member(link.address, {
          trainer: pooledTrainer(pool, id),
          heartbeatSeconds: 60,
          pollSeconds: [1, 3],
          transfers,
        }),
      ),
    );
    await until(() => members.every(({ events }) => events.some(({ type }) => type === "joined")));
    const start = performance.now();
    const runId = await link.run({ rounds: 3, out: `${folder}/out`, "min-nodes": CLIENTS, "round-timeout": 600 });
    for (const { summary } of members) assert.is((await summary).rounds, 3);
    const seconds = (performance.now() - start) / 1000;
    assert.is(await finalStatus(link, runId), "finished:completed");
    const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
    console.log(
      `200 clients, 3 rounds: ${seconds.toFixed(1)} s with start and farewell, ${memory} MiB here, ${link.memory} MiB in the SuperLink`,
    );
    console.log((await link.runLog(runId)).match(/Strategy execution finished in .*s/)?.[0] ?? "");
  });
});
