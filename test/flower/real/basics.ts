// A real SuperLink and healthy nodes: predicted numbers over every transport, what left the clients, what was published.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { suite, assert } from "../../support/suite.ts";
import { pullGeneralist } from "../../../src/federated/backends/flower/index.ts";
import { openObject } from "../../../src/federated/backends/flower/objects.ts";
import { MetricRecord } from "../../../src/federated/backends/flower/values.ts";
import { smallModel, steppingClient } from "../support/clients.ts";
import { serveGrpcWeb } from "../support/servers.ts";
import { finalStatus, member, tensorOf, withSuperLink } from "./federation.ts";
import type { Member } from "./federation.ts";
import type { SuperLink } from "../support/superlink.ts";

export const basics: ReturnType<typeof suite> = suite("real flower, healthy");

// weights 10 and 30, steps 1 and 5: each round adds 4
const pair = [
  { step: 1, examples: 10 },
  { step: 5, examples: 30 },
];

/** Three rounds of the two clients, each at an address of its own. */
async function three(
  link: SuperLink,
  addresses: readonly [string, string],
  config: Record<string, string | number>,
): Promise<Member[]> {
  const runId = await link.run({ rounds: 3, ...config });
  const members = await Promise.all(
    pair.map((options, id) => member(addresses[id]!, { client: steppingClient({ id, ...options }) })),
  );
  for (const { summary } of members) {
    const { reason, rounds, generalist } = await summary;
    assert.is(reason, "finished");
    assert.is(rounds, 3);
    assert.is(generalist!.round, 3);
    assert.equal(tensorOf(await summary, "hidden.bias"), [12, 12, 12, 12]);
  }
  assert.is(await finalStatus(link, runId), "finished:completed");
  assert.not.match(await link.runLog(runId), "dropped the reply");
  return members;
}

basics("three rounds over HTTP give the predicted weights; only shared tensors leave; an opted-out client pulls", () =>
  withSuperLink("http", {}, async (link, folder) => {
    const members = await three(link, [link.address, link.address], { out: `${folder}/out`, "fraction-evaluate": 1 });
    const tensors = new Set<string>();
    const metrics = new Set<string>();
    const types = new Set<string>();
    for (const { pushed } of members)
      for (const [id, content] of pushed) {
        const { type, body } = openObject(id, content);
        types.add(type);
        if (type === "ArrayRecord")
          for (const name of Object.keys(JSON.parse(new TextDecoder().decode(body)) as object)) tensors.add(name);
        if (type === "MetricRecord") for (const { key } of MetricRecord.decode(body).items) metrics.add(key);
      }
    assert.equal([...tensors].toSorted(), smallModel.map(({ name }) => name).toSorted());
    assert.equal([...metrics].toSorted(), ["mean", "num-examples", "trainLoss"]);
    assert.equal([...types].toSorted(), [
      "Array",
      "ArrayChunk",
      "ArrayRecord",
      "Message",
      "MetricRecord",
      "RecordDict",
    ]);

    // static files, as any host would serve them
    const site = `${folder}/out/public`;
    const get = async (url: string): Promise<Uint8Array<ArrayBuffer>> =>
      new Uint8Array(await readFile(url.replace("https://models.example/", `${site}/`)));
    const key = readFileSync(`${site}/publisher.pub`, "utf8");
    const pulled = await pullGeneralist("https://models.example/", { key, get, since: 3 });
    assert.is(pulled.manifest.round, 3);
    assert.equal([...pulled.tensors.get("hidden.bias")!.data], [12, 12, 12, 12]);
  }),
);

basics("the same with one client over gRPC, and one over gRPC-Web through a proxy", () =>
  withSuperLink("grpc", { grpc: true }, async (link, folder) => {
    const proxy = await serveGrpcWeb(link.grpcPort);
    const addresses = [`grpc://127.0.0.1:${link.grpcPort}`, `grpc-web+http://127.0.0.1:${proxy.port}`] as const;
    await three(link, addresses, { out: `${folder}/out` });
    await proxy.close();
  }),
);

basics("a model of 40 MB travels in chunks", () =>
  withSuperLink("large", {}, async (link, folder) => {
    const specs = [
      { name: "wide.weight", shape: [2500, 4000] },
      { name: "wide.bias", shape: [4000] },
    ];
    await link.run({ rounds: 2, out: `${folder}/out` });
    const members = await Promise.all(
      pair.map((options, id) => member(link.address, { client: steppingClient({ id, specs, ...options }) })),
    );
    for (const { summary } of members) {
      const weights = tensorOf(await summary, "wide.weight");
      assert.is(weights.length, 10_000_000);
      assert.ok(weights.every((value) => value === 8));
    }
  }),
);
