import { readFileSync } from "node:fs";
import fc from "fast-check";
import { suite, assert } from "../support/suite.ts";
import * as proto from "../../src/federated/backends/flower/messages.ts";
import {
  flatten,
  objectId,
  openObject,
  sealObject,
  treeIds,
  treeOf,
} from "../../src/federated/backends/flower/objects.ts";
import type { FlowerObject } from "../../src/federated/backends/flower/objects.ts";
import {
  arrayObject,
  configObject,
  metricsObject,
  readContent,
  recordObject,
} from "../../src/federated/backends/flower/records.ts";

interface Described {
  root: string;
  objects: { id: string; length: number; hex: string | null }[];
}
// made by the real flwr: see golden.py
const golden: { array: Described; repeatedChunks: Described; content: Described; wire: Record<string, string> } =
  JSON.parse(readFileSync(new URL("./golden.json", import.meta.url), "utf8"));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const contents = (root: FlowerObject): Map<string, Uint8Array> =>
  new Map(flatten(root).map((object) => [object.id, object.content]));

function assertSame(root: FlowerObject, expected: Described): void {
  assert.is(root.id, expected.root);
  const own = contents(root);
  for (const { id, length, hex: bytes } of expected.objects) {
    const content = own.get(id);
    assert.ok(content, `object ${id} is missing`);
    assert.is(content.length, length);
    if (bytes !== null) assert.is(hex(content), bytes);
  }
  assert.is(own.size, expected.objects.length);
}

const ramp = Float32Array.of(0, 0.5, 1, 1.5, 2, 2.5);
const metrics = { "num-examples": 7, loss: 0.25, accuracy: 1 };

const objects = suite("flower objects");

objects("an array is byte for byte the object that flwr makes of it", async () => {
  assertSame(await arrayObject([2, 3], ramp), golden.array);
});

objects("chunks that repeat are stored once, as flwr stores them", async () => {
  const root = await arrayObject([3, 1_000_000], new Float32Array(3_000_000));
  assertSame(root, golden.repeatedChunks);
});

objects("metrics and arrays of a message have the ids that flwr gives them", async () => {
  const arrays = await recordObject("ArrayRecord", [
    ["conv.weight", await arrayObject([2, 3], ramp)],
    ["conv.bias", await arrayObject([3], ramp.subarray(0, 3))],
  ]);
  const known = new Set(golden.content.objects.map((object) => object.id));
  assert.ok(known.has(arrays.id));
  assert.ok(known.has((await metricsObject(metrics)).id));
});

objects("content that flwr made is read back whole", () => {
  const bytes = new Map(golden.content.objects.map(({ id, hex: text }) => [id, unhex(text!)]));
  const content = readContent(golden.content.root, bytes);
  const arrays = content.arrays.get("arrays")!;
  assert.equal([...arrays.keys()], ["conv.weight", "conv.bias"]);
  assert.equal(arrays.get("conv.weight")!.shape, [2, 3]);
  assert.equal([...arrays.get("conv.weight")!.data], [...ramp]);
  assert.equal(Object.fromEntries(content.metrics.get("metrics")!), metrics);
  const config = Object.fromEntries(content.configs.get("config")!);
  assert.is(config["server-round"], 3);
  assert.is(config["lr"], 0.125);
  assert.is(config["shuffle"], true);
  assert.is(config["name"], "seed");
  assert.equal(config["tags"], ["a", "b"]);
});

objects("what is read is what was written, for any arrays and any chunk size", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string({ minLength: 1 }), fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true }), {
        maxKeys: 4,
      }),
      fc.integer({ min: 1, max: 200 }),
      async (values, chunkBytes) => {
        const entries = await Promise.all(
          Object.entries(values).map(
            async ([name, array]) => [name, await arrayObject([array.length], array, chunkBytes)] as const,
          ),
        );
        const root = await recordObject("RecordDict", [["arrays", await recordObject("ArrayRecord", entries)]]);
        const read = readContent(root.id, contents(root)).arrays.get("arrays")!;
        assert.is(read.size, entries.length);
        for (const [name, array] of Object.entries(values)) assert.equal(read.get(name)!.data, array);
        for (const [id, content] of contents(root)) assert.is(await objectId(new Uint8Array(content)), id);
        assert.equal(treeIds(treeOf(root)), [...contents(root).keys()]);
      },
    ),
    { numRuns: 40 },
  );
});

objects("a broken frame is refused with the object's id", async () => {
  const { id, content } = await sealObject("ArrayChunk", ramp.length ? new Uint8Array(4) : new Uint8Array(0));
  assert.throws(() => openObject(id, content.subarray(0, content.length - 1)), /has 3 bytes, its head says 4/);
  assert.throws(() => openObject(id, new Uint8Array(9)), /no head of three words/);
  assert.throws(() => readContent(id, new Map()), /was not delivered/);
});

objects("a configuration survives the round trip", async () => {
  const root = await recordObject("RecordDict", [
    ["config", await configObject({ "server-round": 4, lr: 0.5, on: false, name: "x" })],
  ]);
  const config = readContent(root.id, contents(root)).configs.get("config")!;
  assert.equal(Object.fromEntries(config), { "server-round": 4, lr: 0.5, on: false, name: "x" });
});

const wire = suite("flower wire");

const node = { nodeId: 2n ** 64n - 3n };
const metadata: proto.Metadata = {
  runId: 2n ** 63n + 5n,
  messageId: "ab".repeat(32),
  srcNodeId: 1n,
  dstNodeId: 2n ** 64n - 3n,
  replyToMessageId: "cd".repeat(32),
  groupId: "1",
  ttl: 43200.5,
  messageType: "train",
  createdAt: 1_700_000_000.25,
  srcTaskId: 9n,
  dstTaskId: undefined,
};

wire("requests are the bytes that flwr's own protobuf writes", () => {
  const push = proto.PushMessagesRequest.encode({
    node,
    messages: [{ metadata, content: undefined, error: { code: -2n, reason: "no" } }],
    trees: [{ objectId: "r", children: [{ objectId: "c", children: [] }] }],
    runtimes: [1.5, 2.5],
  });
  assert.is(hex(push), golden.wire["PushMessagesRequest"]);
  const object = { node, runId: 2n ** 63n + 5n, objectId: "o", content: Uint8Array.of(0, 255), sessionId: "s" };
  assert.is(hex(proto.PushObjectRequest.encode(object)), golden.wire["PushObjectRequest"]);
  const heartbeat = proto.HeartbeatRequest.encode({ node, heartbeatInterval: 30 });
  assert.is(hex(heartbeat), golden.wire["SendNodeHeartbeatRequest"]);
  const activate = { publicKey: new TextEncoder().encode("pem"), heartbeatInterval: 12.5 };
  assert.is(hex(proto.ActivateNodeRequest.encode(activate)), golden.wire["ActivateNodeRequest"]);
});

wire("responses of flwr are read, fields we do not know are skipped", () => {
  const pushed = proto.PushMessagesResponse.decode(unhex(golden.wire["PushMessagesResponse"]!));
  assert.equal(pushed.results, [{ key: "m", value: 0 }]);
  assert.equal(pushed.objectsToPush, ["a", "b"]);
  assert.is(pushed.sessionId, "s");
  const pulled = proto.PullObjectResponse.decode(unhex(golden.wire["PullObjectResponse"]!));
  assert.equal([pulled.found, pulled.available, [...pulled.content]], [true, true, [1]]);
  // a push request read as a node: field 1 is a message there too, everything else is unknown
  assert.not.throws(() => proto.PullMessagesRequest.decode(unhex(golden.wire["PushObjectRequest"]!)));
});

wire("metadata survives the round trip, 64-bit ids included", () => {
  assert.equal(proto.Metadata.decode(proto.Metadata.encode(metadata)), metadata);
});

wire("numbers in a list are read packed and unpacked", () => {
  const single = Buffer.concat([Buffer.of((4 << 3) | 1), Buffer.from(new Float64Array([1.5]).buffer)]);
  assert.equal(proto.PushMessagesRequest.decode(Buffer.concat([single, single])).runtimes, [1.5, 1.5]);
});

objects.run();
wire.run();
