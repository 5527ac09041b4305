// Servers that are none, or not well-meaning: what they send costs time and memory in proportion, and is a reason to try
// again or one line.
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { connect, createKeyPair, FleetError, identityOf } from "../../src/federated/backends/flower/index.ts";
import { Fleet } from "../../src/federated/backends/flower/fleet.ts";
import * as proto from "../../src/federated/backends/flower/messages.ts";
import { flatten, objectId, openObject, sealObject, treeIds } from "../../src/federated/backends/flower/objects.ts";
import type { FlowerObject } from "../../src/federated/backends/flower/objects.ts";
import { arrayObject, readContent, recordObject } from "../../src/federated/backends/flower/records.ts";
import { ConfigRecord, MetricRecord } from "../../src/federated/backends/flower/values.ts";
import { MOST_ELEMENTS } from "../../src/federated/backends/flower/wire.ts";
import { suite, assert } from "../support/suite.ts";

const hostile = suite("flower hostile");
const identity = await identityOf(await createKeyPair());

/** Milliseconds that something takes. */
function timed(work: () => unknown): number {
  const start = performance.now();
  try {
    work();
  } catch (error) {
    assert.instance(error, Error);
    assert.not.match((error as Error).message, /call stack/);
  }
  return performance.now() - start;
}

const nested = (depth: number): Uint8Array => {
  let bytes: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < depth; i++) bytes = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(bytes).finish();
  return bytes;
};

hostile("repeated fields are read in time that grows with their number, and are bounded", () => {
  const repeated = (count: number): Uint8Array => new Uint8Array(2 * count).map((_, i) => (i % 2 === 0 ? 0x12 : 0));
  assert.is(proto.PullMessagesResponse.decode(repeated(MOST_ELEMENTS)).messages.length, MOST_ELEMENTS);
  assert.throws(
    () => proto.PullMessagesResponse.decode(repeated(MOST_ELEMENTS + 1)),
    /more than 65536 elements in all/,
  );
  // a quadratic reader takes minutes for the second
  const [few, many] = [20_000, 2_000_000].map((count) =>
    timed(() => proto.PullMessagesResponse.decode(repeated(count))),
  );
  assert.ok(many! < 2000 + 100 * few!, `${few} ms and ${many} ms`);
  // across levels as well: a tree whose every node is within bounds
  const children = Uint8Array.from([0x12, ...varint(2 * 300), ...repeated(300)]);
  const wide = new Uint8Array(children.length * 300).map((_, i) => children[i % children.length]!);
  assert.throws(() => proto.ObjectTree.decode(wide), /more than 65536 elements in all/);
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

hostile("fields that nobody knows, or one again and again, do not hold the thread", () => {
  for (const pair of [
    [0xf8, 0x01, 0],
    [0x08, 1],
    [0x0a, 0],
  ]) {
    const bytes = new Uint8Array(8_388_608);
    for (let i = 0; i < bytes.length; i++) bytes[i] = pair[i % pair.length]!;
    for (const type of [proto.NodeId, proto.PullMessagesResponse, proto.ObjectTree]) {
      const took = timed(() => (type.decode as (bytes: Uint8Array) => unknown)(bytes));
      assert.ok(took < 2000, `${type.name} of 8 MiB: ${took.toFixed(0)} ms`);
    }
  }
});

hostile("nesting is bounded, in fields that are known and in those that are not", () => {
  for (const depth of [17, 1000, 20_000]) {
    assert.throws(() => proto.ObjectTree.decode(nested(depth)), /nested deeper than 16 messages/);
    assert.ok(timed(() => proto.ObjectTree.decode(new Uint8Array(depth).fill(0x0b))) < 1000);
  }
  assert.is(treeDepth(proto.ObjectTree.decode(nested(16))), 16);
});

const treeDepth = ({ children }: proto.ObjectTree): number =>
  children.length === 0 ? 0 : 1 + Math.max(...children.map(treeDepth));

hostile("any bytes are a message or an error, whichever message they are to be", () => {
  const types = [
    proto.PullMessagesResponse,
    proto.PushMessagesResponse,
    proto.PullObjectResponse,
    proto.NodeId,
    proto.HeartbeatResponse,
    proto.ObjectTree,
    MetricRecord,
    ConfigRecord,
  ];
  // bytes as they come, and bytes that begin like fields
  const field = fc
    .tuple(fc.integer({ min: 1, max: 25 }), fc.constantFrom(0, 1, 2, 3, 4, 5), fc.uint8Array({ maxLength: 12 }))
    .map(([number, wire, rest]) => [
      ...varint((number << 3) | wire),
      ...(wire === 2 ? varint(rest.length) : []),
      ...rest,
    ]);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(field, { maxLength: 20 }).map((fields) => Uint8Array.from(fields.flat())),
  );
  fc.assert(
    fc.property(bytes, fc.constantFrom(...types), (body, type) => {
      assert.ok(timed(() => (type.decode as (bytes: Uint8Array) => unknown)(body)) < 500);
    }),
    { numRuns: 2000 },
  );
});

const readable = async (root: FlowerObject): Promise<[string, Map<string, Uint8Array>]> => [
  root.id,
  new Map(flatten(root).map(({ id, content }) => [id, content])),
];

async function repeating(bytes: number, times: number): Promise<[string, Map<string, Uint8Array>]> {
  const chunk = await sealObject("ArrayChunk", new Uint8Array(bytes));
  const body = JSON.stringify({ arraychunk_ids: Array.from({ length: times }, () => 0) });
  const array = await sealObject("Array", new TextEncoder().encode(body), [chunk]);
  const record = await recordObject("ArrayRecord", [["w", array]]);
  return readable(await recordObject("RecordDict", [["arrays", record]]));
}

hostile("a chunk may be named often, but what that makes is bounded before it is made", async () => {
  const refusal = async (times: number, arrayBytes?: number): Promise<string> => {
    const [root, objects] = await repeating(100_000, times);
    try {
      readContent(root, objects, arrayBytes === undefined ? {} : { arrayBytes });
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  assert.match(
    await refusal(5000),
    /arrays of 500000000 bytes and more, expected at most \d+; another model, or a chunk/,
  );
  assert.match(await refusal(2, 150_000), /arrays of 200000 bytes and more, expected at most 150000/);
  assert.match(await refusal(2), /npy/, "within bounds it is read");
  // equal chunks are one object: zeros of a model of 20 chunks
  const zeros = await arrayObject([20, 1000], new Float32Array(20_000), 4000);
  const [root, objects] = await readable(
    await recordObject("RecordDict", [["a", await recordObject("ArrayRecord", [["w", zeros]])]]),
  );
  assert.is(readContent(root, objects).arrays.get("a")!.get("w")!.data.length, 20_000);
});

hostile("objects that are none are one RangeError, whatever they hold", async () => {
  const bodies = fc.oneof(fc.json(), fc.string(), fc.constant('{"w": 7}'), fc.constant('{"arraychunk_ids": [0, -1]}'));
  await fc.assert(
    fc.asyncProperty(
      bodies,
      fc.constantFrom("RecordDict", "ArrayRecord", "Array", "MetricRecord", "ConfigRecord", "Message", "Else"),
      async (body, type) => {
        const inner = await sealObject(type as "Array", new TextEncoder().encode(body));
        for (const object of [inner, await recordObject("RecordDict", [["a", inner]])]) {
          const [root, objects] = await readable(object);
          try {
            readContent(root, objects);
          } catch (error) {
            assert.instance(error, Error);
            assert.not.instance(error, SyntaxError);
            assert.not.match((error as Error).message, /undefined|is not a function|call stack/);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
  const id = await objectId(new Uint8Array(1));
  assert.throws(() => openObject(id, new Uint8Array(8_000_000).fill(32, 0, 7_999_999)), /has no head of three words/);
  assert.throws(() => treeIds({ objectId: "../../etc/passwd", children: [] }), /expected a SHA-256/);
});

/** What registering and going online at this host ends in. */
async function joining(listener: RequestListener): Promise<FleetError> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const transport = await connect(`http://127.0.0.1:${port}`);
  const fleet = new Fleet(transport, identity);
  try {
    await fleet.register();
    await fleet.activate(30);
    throw new Error("it joined");
  } catch (error) {
    assert.instance(error, FleetError, String(error));
    return error as FleetError;
  } finally {
    transport.close();
    server.closeAllConnections();
    server.close();
  }
}

hostile("a captive portal's answers are reasons to try again", async () => {
  let followed = false;
  for (const [listener, reason] of [
    [(_, r) => r.writeHead(200, { "content-type": "text/html" }).end("<html>Sign in</html>"), /a page \(text\/html\)/],
    [(_, r) => r.writeHead(200).end("<html>Sign in to the hotel's network</html>"), /bytes that are no NodeId/],
    [(_, r) => r.writeHead(200).end(), /no node id/],
    [(_, r) => r.writeHead(200).end(Buffer.alloc(40)), /40 bytes that are no NodeId/],
    [
      (q, r) => {
        followed ||= q.url === "/login";
        r.writeHead(307, { location: "/login" }).end();
      },
      /307: sent elsewhere, which is not followed/,
    ],
    [(_, r) => r.writeHead(511).end("<html>Network Authentication Required</html>"), /511/],
    [
      (_, r) => {
        const part = Buffer.alloc(1 << 20, 0x12);
        const more = (): void => {
          while (!r.destroyed && r.write(part));
          r.once("drain", more);
        };
        more();
      },
      /an answer of more than 67108864 bytes/,
    ],
  ] as const satisfies readonly (readonly [RequestListener, RegExp])[]) {
    const { kind, message } = await joining(listener);
    assert.is(kind, "unreachable", message);
    assert.match(message, reason);
  }
  assert.not.ok(followed);
});

hostile.run();
