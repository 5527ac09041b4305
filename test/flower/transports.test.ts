import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { suite, assert } from "../support/suite.ts";
import {
  clientTrainer,
  connect,
  createKeyPair,
  FleetError,
  identityOf,
  runNode,
} from "../../src/federated/backends/flower/index.ts";
import type { FleetTransport } from "../../src/federated/backends/flower/index.ts";
import { Fleet } from "../../src/federated/backends/flower/fleet.ts";
import { frame, unframe } from "../../src/federated/backends/flower/transports/grpc-web.ts";
import { kindOfCode, kindOfStatus } from "../../src/federated/backends/flower/transports/status.ts";
import { makeCertificates, text } from "./support/certificates.ts";
import { sizeOfModel, steppingClient } from "./support/clients.ts";
import { FakeSuperLink } from "./support/fake.ts";
import { serveGrpc, serveGrpcWeb, serveHttp } from "./support/servers.ts";
import type { Running } from "./support/servers.ts";

const transports = suite("flower transports");

const identity = await identityOf(await createKeyPair());
// 5.6 MB: two chunks, the first above gRPC's default limit of 4 MiB
const specs = [{ name: "wide", shape: [1_400_000] }];

const kind = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "kept",
    (error: unknown) => (error instanceof FleetError ? error.kind : String(error)),
  );

/** A node over a transport: one round with a large array, a farewell, and how failures look. */
async function speaks(link: FakeSuperLink, transport: FleetTransport): Promise<void> {
  const trainer = clientTrainer({ client: steppingClient({ specs }) });
  const ended = runNode({ transport, identity, trainer, pollSeconds: [0.01, 0.02] });
  const [id] = await link.nodes(1);
  const ramp = Float32Array.from({ length: sizeOfModel(specs) }, (_, i) => i % 1000);
  const { content } = await link.ask(id!, "train", specs, ramp, { "server-round": 1 });
  const wide = content!.arrays.get("arrays")!.get("wide")!.data;
  assert.equal([wide[0], wide[1_399_999], wide.length], [1, 1000, 1_400_000]);
  await link.ask(id!, "query.farewell", specs, ramp, { "server-round": 1 });
  assert.is((await ended).reason, "finished");

  const stranger = new Fleet(transport, await identityOf(await createKeyPair()));
  assert.is(await kind(stranger.pullMessage(id!)), "unauthenticated");
  assert.is(await kind(stranger.activate(30)), "refused");
  link.down = true;
  assert.is(await kind(stranger.register()), "unreachable");
  link.down = false;
  const leaving = new AbortController();
  leaving.abort(new Error("enough"));
  assert.is(await kind(stranger.register(leaving.signal)), "Error: enough");
}

const refusal = (address: string): Promise<string> => connect(address).then(String, (error: Error) => error.message);

async function within(running: Running, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await running.close();
  }
}

async function over(link: FakeSuperLink, address: string, ca?: string): Promise<void> {
  const transport = await connect(address, { ca });
  await speaks(link, transport);
  transport.close();
}

transports("HTTP carries a federation", async () => {
  const link = new FakeSuperLink();
  const server = await serveHttp(link);
  await within(server, () => over(link, `http://127.0.0.1:${server.port}`));
});

transports("HTTPS with its own certificate authority carries a federation, and nothing without it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moiety-tls-"));
  const { ca, cert, key } = makeCertificates(folder);
  const link = new FakeSuperLink();
  const server = await serveHttp(link, { cert: text(cert), key: text(key) });
  const address = `https://127.0.0.1:${server.port}`;
  await within(server, async () => {
    await over(link, address, text(ca));
    const unknown = await new Fleet(await connect(address), identity).register().catch((error: Error) => error.message);
    assert.match(String(unknown), /RegisterNode: untrusted, got .*certificate/);
  });
  rmSync(folder, { recursive: true });
});

transports("gRPC carries a federation, objects above 4 MiB included", async () => {
  const link = new FakeSuperLink();
  const server = await serveGrpc(link);
  await within(server, () => over(link, `grpc://127.0.0.1:${server.port}`));
});

transports("gRPC-Web through a proxy carries a federation", async () => {
  const link = new FakeSuperLink();
  const grpc = await serveGrpc(link);
  const proxy = await serveGrpcWeb(grpc.port);
  await within(grpc, () => within(proxy, () => over(link, `grpc-web+http://127.0.0.1:${proxy.port}`)));
});

transports("a server's own failure is a reason to try again, a refusal is not", () => {
  const kinds = [500, 502, 503, 504, 429, 501, 400, 404, 401, 403, 409, 412].map(kindOfStatus);
  assert.equal(new Set(kinds.slice(0, 5)), new Set(["unreachable"]));
  assert.equal(kinds.slice(5), ["invalid", "invalid", "invalid", "unauthenticated", "closed", "refused", "refused"]);
  const { OK: _, ...failures } = status;
  const again = Object.entries(failures).filter(
    ([, code]) => typeof code === "number" && kindOfCode(code) === "unreachable",
  );
  const names = ["CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN"];
  assert.equal(again.map(([name]) => name).toSorted(), names);
});

transports("frames are read back, and a cut one is refused", () => {
  const body = Buffer.concat([
    frame(0, Buffer.from("abc")),
    frame(0x80, Buffer.from("grpc-status: 5\r\nGrpc-Message:no\r\n")),
  ]);
  const { message, trailers } = unframe(body);
  assert.is(Buffer.from(message).toString(), "abc");
  assert.equal(
    [...trailers],
    [
      ["grpc-status", "5"],
      ["grpc-message", "no"],
    ],
  );
  assert.throws(() => unframe(body.subarray(0, 6)), /truncated, got 6 bytes, expected 8/);
});

transports(
  "an address of another kind, or plain text to another machine, is refused before anything is sent",
  async () => {
    assert.match(await refusal("flower.example:9092"), /expected https:\/\/host:8000/);
    assert.match(
      await refusal("http://flower.example:8000"),
      /plain text beyond this machine; use TLS, or say insecure/,
    );
    assert.match(await refusal("grpc://10.0.0.1:9092"), /plain text/);
    assert.is((await connect("http://flower.example:8000/", { insecure: true })).address, "http://flower.example:8000");
  },
);

transports("an older server is recognised by its missing page", async () => {
  const { createServer } = await import("node:http");
  const server = createServer((_, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const fleet = new Fleet(await connect(`http://127.0.0.1:${port}`), identity);
  const failure = await fleet.register().catch((error: Error) => error.message);
  assert.match(String(failure), /Flower before 1.40 speaks gRPC, use grpcs:/);
  server.closeAllConnections();
  server.close();
});

transports.run();
