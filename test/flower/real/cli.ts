// The commands of the documentation, as a person types them: a server for a trial, two clients that join, one that pulls.
import { existsSync, readFileSync } from "node:fs";
import { preset, setUp } from "../../../src/experiment/index.ts";
import { networks } from "../../../src/experiment/networks.ts";
import { vectorOf } from "../../../src/federated/backends/flower/index.ts";
import { decodeSafetensors } from "../../../src/io/safetensors.ts";
import { decodeCheckpoint } from "../../../src/io/checkpoint.ts";
import { suite, assert } from "../../support/suite.ts";
import { fashion } from "../support/fashion.ts";
import { moiety } from "../support/moiety.ts";
import { flowerEnvironment } from "../support/python.ts";
import { freePort } from "../../../scripts/freePort.ts";
import { scratch } from "./federation.ts";
import { distance, plainRounds } from "./parity.ts";

export const cli: ReturnType<typeof suite> = suite("real flower, command line");

const size = { clients: 4, optOut: 0.25 };
const config = ["--config", "quick", "--set", "clients=4", "optOut=0.25", "federation.cohort=3", "personal.epochs=2"];

cli("a trial of two clients ends in two tables, and a client that opted out pulls the result", async () => {
  const environment = flowerEnvironment();
  if ("missing" in environment) throw new Error(environment.missing);
  const folder = scratch("cli");
  const port = `${await freePort()}`;
  // the first use compiles what is stale; several at once would compile it several times
  const ready = await moiety(folder, "presets");
  assert.is(ready.code, 0, ready.printed);
  const base = preset("quick");
  const setup = setUp({ ...base, ...size, federation: { ...base.federation, cohort: 3 } }, await fashion());
  const out = setup.clients.findIndex(({ optedOut }) => optedOut);
  const [first, second] = [0, 1, 2, 3].filter((client) => client !== out);
  const refused = await moiety(folder, "join", "http://127.0.0.1:1", "--client", `${out}`, ...config);
  assert.is(refused.code, 2);
  assert.match(refused.printed, /client \d has opted out in this config; moiety pull gives it the generalist/);

  const server = moiety(
    folder,
    "flower",
    "up",
    "--start",
    "--rounds",
    "2",
    "--min-nodes",
    "2",
    "--port",
    port,
    "--bin",
    environment.bin,
  );
  const clients = [first!, second!].map((client) =>
    moiety(folder, "join", `http://127.0.0.1:${port}`, "--client", `${client}`, "--out", `client-${client}`, ...config),
  );
  for (const { code, printed } of await Promise.all(clients)) {
    assert.is(code, 0, printed);
    assert.match(printed, /train round 2: sent 10 shared tensors/);
    assert.match(printed, /Mixture +[\d.]+ +[\d.]+/);
  }
  const { code, printed } = await server;
  assert.is(code, 0, printed);
  assert.match(printed, "Flower's telemetry and update check are off");
  const kept = decodeCheckpoint(readFileSync(`${folder}/client-${first}/clients/${first}.safetensors`));
  assert.equal([...new Set(Object.keys(kept.tensors).map((name) => name.split(".")[0]))].toSorted(), [
    "gate",
    "generalist",
    "specialist",
  ]);
  const sent = readFileSync(`${folder}/client-${first}/sent.jsonl`, "utf8");
  assert.not.match(sent, /gate|specialist/);
  const { tensors } = decodeSafetensors(readFileSync(`${folder}/client-${first}/generalist.safetensors`));
  const there = vectorOf(tensors, networks(setup.config, setup.dataset).expert.specs);
  const difference = distance(await plainRounds(setup, [first!, second!], 2), there);
  console.log(`relative difference of the generalists: ${difference.toExponential(2)}`);
  assert.ok(difference <= 1e-5, `${difference}`);

  const site = await serve(`${folder}/federation/out/public`);
  const pulled = await moiety(
    folder,
    "pull",
    site.url,
    "--publisher",
    `${folder}/federation/out/public/publisher.pub`,
    "--client",
    `${out}`,
    "--out",
    "pulled",
    ...config,
  );
  site.close();
  assert.is(pulled.code, 0, pulled.printed);
  assert.match(pulled.printed, "generalist after round 2");
  assert.match(pulled.printed, /Mixture +[\d.]+ +[\d.]+/);
  assert.not.ok(existsSync(`${folder}/pulled/node.key`), "who opts out holds no key");
});

async function serve(folder: string): Promise<{ url: string; close(): void }> {
  const { createServer } = await import("node:http");
  const server = createServer((request, response) => {
    response.end(readFileSync(`${folder}/${request.url!.replace(/^\/+/, "")}`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
}
