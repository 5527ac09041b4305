// What comes over a wire, from servers that may be broken or hostile: Flower's messages, objects and records, answers of
// proxies that are no SuperLink, published generalists, key files, and what the lab's page says to its worker.
import fc from "fast-check";
import { answerOver, type Service } from "../../lab/wire.ts";
import { Fleet } from "../../src/federated/backends/flower/fleet.ts";
import { type Manifest, pullGeneralist, signManifest } from "../../src/federated/backends/flower/generalist.ts";
import {
  createKeyPair,
  identityOf,
  keyPairOf,
  privateKeyPem,
  toBase64,
} from "../../src/federated/backends/flower/identity.ts";
import * as proto from "../../src/federated/backends/flower/messages.ts";
import { flatten, openObject, sealObject, treeIds, treeOf } from "../../src/federated/backends/flower/objects.ts";
import {
  arrayObject,
  configObject,
  type Content,
  metricsObject,
  readContent,
  recordObject,
} from "../../src/federated/backends/flower/records.ts";
import type { Post } from "../../src/federated/backends/flower/transport.ts";
import { frame, GrpcWebTransport } from "../../src/federated/backends/flower/transports/grpc-web.ts";
import { HttpTransport } from "../../src/federated/backends/flower/transports/http.ts";
import { ConfigRecord, MetricRecord } from "../../src/federated/backends/flower/values.ts";
import { vectorOf } from "../../src/federated/backends/flower/vector.ts";
import type { MessageType } from "../../src/federated/backends/flower/messageType.ts";
import { encodeSafetensors } from "../../src/io/safetensors.ts";
import { damaged, damagedJson, type Edit, editBytes, editJson, edits, editText } from "../support/mutations.ts";
import { damagedMessage } from "../support/protobufs.ts";
import { partOf, type Reader } from "./fuzz.ts";
import type { Kind } from "./kind.ts";
import { checkTensor } from "./readers/arrays.ts";

const size = (bytes: Uint8Array): number => bytes.length;

const specs = [
  { name: "conv.weight", shape: [2, 3] },
  { name: "conv.bias", shape: [2] },
];
const arrays = await Promise.all(
  specs.map(async ({ name, shape }) => {
    const values = Float32Array.from({ length: shape.reduce((n, axis) => n * axis, 1) }, (_, i) => i / 4);
    return [name, await arrayObject(shape, values, 60)] as const;
  }),
);
const content = await recordObject("RecordDict", [
  ["arrays", await recordObject("ArrayRecord", arrays)],
  ["config", await configObject({ "server-round": 3, lr: 0.5, last: false, note: "ü" })],
  ["metrics", await metricsObject({ "num-examples": 12, loss: 0.25 })],
]);
const metadata: proto.Metadata = {
  runId: 2n ** 63n + 7n,
  messageId: "m",
  srcNodeId: 1n,
  dstNodeId: 5n,
  replyToMessageId: "",
  groupId: "1",
  ttl: 3600,
  messageType: "train",
  createdAt: 1.7e9,
  srcTaskId: 5n,
  dstTaskId: undefined,
};
const root = await sealObject("Message", proto.FlowerMessage.encode({ metadata }), [content]);

const pulled = proto.PullMessagesResponse.encode({
  messages: [
    { metadata, content: {}, error: undefined },
    { metadata, content: undefined, error: { code: 3n, reason: "gone" } },
  ],
  trees: [treeOf(root), { objectId: "x", children: [] }],
});

// a type and a message of it; damage may well make it one of another type
const types: readonly (readonly [MessageType<never>, Uint8Array])[] = [
  [proto.PullMessagesResponse, pulled],
  [proto.PullObjectResponse, proto.PullObjectResponse.encode({ found: true, available: true, content: root.content })],
  [
    proto.PushMessagesResponse,
    proto.PushMessagesResponse.encode({ results: [{ key: "a", value: 1 }], objectsToPush: ["a", "b"], sessionId: "s" }),
  ],
  [proto.PushObjectResponse, proto.PushObjectResponse.encode({ stored: true })],
  [proto.NodeId, proto.NodeId.encode({ nodeId: 2n ** 64n - 1n })],
  [proto.HeartbeatResponse, proto.HeartbeatResponse.encode({ success: true })],
  [proto.FlowerMessage, proto.FlowerMessage.encode({ metadata, error: { code: 1n, reason: "x" } })],
  [proto.ObjectTree, proto.ObjectTree.encode(treeOf(root))],
  [
    MetricRecord,
    MetricRecord.encode({
      items: [
        { key: "loss", value: { double: 0.5 } },
        { key: "n", value: { sint64: -3n } },
        { key: "list", value: { doubles: { vals: [1, 2, 3] } } },
        { key: "whole", value: { uint64s: { vals: [1n, 2n ** 64n - 1n] } } },
      ],
    }),
  ],
  [
    ConfigRecord,
    ConfigRecord.encode({
      items: [
        { key: "s", value: { string: "text" } },
        { key: "b", value: { bytes: Uint8Array.of(1, 2) } },
        { key: "l", value: { strings: { vals: ["a", "b"] } } },
        { key: "f", value: { bool: true } },
      ],
    }),
  ],
] as never;

const documents = types.map(([, bytes]) => bytes);

const wire: Reader<{ which: number; bytes: Uint8Array }> = {
  name: "wire",
  inputs: fc
    .nat(types.length - 1)
    .chain((which) =>
      fc
        .oneof(
          { arbitrary: damagedMessage([documents[which]!]), weight: 4 },
          { arbitrary: damagedMessage(documents), weight: 1 },
        )
        .map((bytes) => ({ which, bytes })),
    ),
  size: ({ bytes }) => bytes.length,
  read: ({ which, bytes }) => types[which]![0].decode(bytes),
  check: (value, { which }) => {
    const type = types[which]![0] as MessageType<object>;
    // what was understood can be said again, and is understood alike
    const again = type.encode(type.decode(type.encode(value as object)));
    if (Buffer.compare(again, type.encode(value as object)) !== 0)
      throw new Error("read, but said again it is another");
  },
  runs: 1500,
};

const tree: Reader<Uint8Array> = {
  name: "object trees",
  inputs: damagedMessage([proto.ObjectTree.encode(treeOf(root))]),
  size,
  read: (bytes) => treeIds(proto.ObjectTree.decode(bytes)),
};

const object: Reader<Uint8Array> = {
  name: "objects",
  inputs: damaged(flatten(root).map((one) => one.content)),
  size,
  read: (bytes) => openObject("id", bytes),
  runs: 4000,
};

const whole = new Map(flatten(root).map((one) => [one.id, one.content]));
const ids = [...whole.keys()];

// the head says how long the body is, and names the children
function reframed(bytes: Uint8Array, [, how, , value]: Edit, list: readonly Edit[]): Uint8Array {
  const zero = bytes.indexOf(0);
  const [type = "", children = ""] = new TextDecoder().decode(bytes.subarray(0, Math.max(0, zero))).split(" ");
  let body = bytes.slice(zero + 1);
  let below = children;
  if (how % 4 === 0) below = [...children.split(",").filter(Boolean), ids[value % ids.length]].join();
  else if (how % 4 === 1) below = children.split(",").slice(1).join();
  else if (body[0] === 0x7b)
    body = new TextEncoder().encode(JSON.stringify(editJson(JSON.parse(new TextDecoder().decode(body)), list)) ?? "");
  else body = new Uint8Array(editBytes(body, list));
  return Buffer.concat([new TextEncoder().encode(`${type} ${below} ${body.length}`), Uint8Array.of(0), body]);
}

const graphs = fc
  .array(fc.tuple(fc.nat(ids.length - 1), fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()), edits, fc.nat(9)), {
    maxLength: 3,
  })
  .map((changes) => {
    const objects = new Map(whole);
    for (const [which, edit, list, how] of changes) {
      const id = ids[which]!;
      const bytes = objects.get(id);
      if (bytes === undefined) continue;
      if (how === 0) objects.delete(id);
      else if (how === 1) objects.set(id, new Uint8Array(editBytes(bytes, list)));
      else if (how === 2) objects.set(id, whole.get(ids[edit[0] % ids.length]!)!);
      else {
        try {
          objects.set(id, new Uint8Array(reframed(bytes, edit, list)));
        } catch {
          // a body that is no JSON any more stays as it is
        }
      }
    }
    return objects;
  });

const graph: Reader<Map<string, Uint8Array>> = {
  name: "content",
  inputs: graphs,
  size: (objects) => [...objects.values()].reduce((sum, { length }) => sum + length, 0),
  read: (objects) => readContent(root.id, objects),
  check: (value, objects) => {
    const bytes = [...objects.values()].reduce((sum, { length }) => sum + length, 0);
    const { arrays, metrics } = value as Content;
    for (const record of arrays.values()) for (const tensor of record.values()) checkTensor(tensor, bytes);
    for (const record of metrics.values())
      for (const found of record.values())
        if (![found].flat().every((one) => typeof one === "number")) throw new Error("read, but a metric is no number");
  },
  runs: 3000,
};

const vector: Reader<Map<string, Uint8Array>> = {
  name: "generalists",
  inputs: graphs,
  size: graph.size,
  read: (objects) => {
    const [first] = readContent(root.id, objects).arrays.values();
    return first && vectorOf(first, specs);
  },
  check: (value) => {
    if (value === undefined) return;
    const values = value as Float32Array;
    if (values.length !== 8) throw new Error(`taken for a generalist of 8 weights, but it has ${values.length}`);
    if (!values.every(Number.isFinite)) throw new Error("taken for a generalist, but a weight is not finite");
  },
  runs: 3000,
};

// ---- what answers at an address ----

const identity = await identityOf(await createKeyPair());
const pages = ["<!doctype html><html>Welcome to the hotel", '{"detail":"no"}', "", "\u0000\u0001", "[]"].map((text) =>
  new TextEncoder().encode(text),
);

interface Answer {
  readonly web: boolean;
  readonly status: number;
  readonly body: Uint8Array;
  readonly code: string | undefined;
}

const answers: fc.Arbitrary<Answer> = fc.record({
  web: fc.boolean(),
  status: fc.constantFrom(200, 200, 200, 204, 302, 400, 401, 403, 404, 429, 500, 502, 503, 999),
  body: fc.oneof(
    damagedMessage([pulled]).map((bytes) => new Uint8Array(bytes)),
    damaged(pages),
    fc.tuple(damagedMessage([pulled]), edits).map(([bytes, list]) => {
      const trailers = new TextEncoder().encode("grpc-status: 0\r\ngrpc-message: ok%20\r\n");
      return editBytes(Buffer.concat([frame(0, bytes), frame(0x80, trailers)]), list);
    }),
  ),
  code: fc.constantFrom(undefined, "0", "5", "16", "x", ""),
});

const answered: Reader<Answer> = {
  name: "answers",
  inputs: answers,
  size: ({ body }) => body.length,
  read: ({ web, status, body, code }) => {
    const post: Post = async () => ({ status, body, header: (name) => (name === "grpc-status" ? code : undefined) });
    const transport = web
      ? new GrpcWebTransport("http://localhost", post)
      : new HttpTransport("http://localhost", post);
    return new Fleet(transport, identity).pullMessage(5n, new AbortController().signal);
  },
  runs: 200,
};

// ---- published generalists ----

const signer = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
const publisher = toBase64(new Uint8Array(await crypto.subtle.exportKey("raw", signer.publicKey)));
const weights = encodeSafetensors(
  specs.map(
    ({ name, shape }) => [name, { shape, data: new Float32Array(shape.reduce((n, axis) => n * axis, 1)) }] as const,
  ),
);
const digest = Buffer.from(await crypto.subtle.digest("SHA-256", new Uint8Array(weights))).toString("hex");
const manifest: Manifest = {
  format: "moiety-generalist/1",
  version: 1,
  round: 7,
  created: "2026-01-01T00:00:00Z",
  weights: { file: "generalist.safetensors", bytes: weights.length, sha256: digest },
  tensors: specs.map(({ name, shape }) => ({ name, shape, dtype: "F32" })),
};

const published: Reader<{ manifest: string; weights: Uint8Array; key: string }> = {
  name: "published",
  inputs: fc.record({
    manifest: damagedJson([manifest]),
    weights: fc.tuple(fc.nat(3), edits).map(([how, list]) => (how === 0 ? editBytes(weights, list) : weights)),
    key: fc.tuple(fc.nat(9), edits).map(([how, list]) => (how === 0 ? editText(publisher, list) : publisher)),
  }),
  size: ({ manifest, weights, key }) => manifest.length + weights.length + key.length,
  read: async ({ manifest: text, weights, key }) => {
    // signed as it is: a publisher may be wrong, or not ours
    const signed = await sign(text);
    return pullGeneralist("https://example.org/", {
      key,
      since: 3,
      get: async (url) => new Uint8Array(url.endsWith(".json") ? new TextEncoder().encode(signed) : weights),
    });
  },
  check: (value) => {
    const { manifest, tensors } = value as Awaited<ReturnType<typeof pullGeneralist>>;
    if (!(Number.isSafeInteger(manifest.round) && manifest.round >= 3))
      throw new Error(`taken, of round ${manifest.round}`);
    vectorOf(tensors, specs);
  },
  runs: 200,
};

async function sign(text: string): Promise<string> {
  const whole: { manifest: string; signature: string } = JSON.parse(await signManifest(manifest, signer.privateKey));
  const signature = new Uint8Array(
    await crypto.subtle.sign("Ed25519", signer.privateKey, new TextEncoder().encode(text)),
  );
  return JSON.stringify({ ...whole, manifest: text, signature: toBase64(signature) });
}

const pem = await privateKeyPem(await createKeyPair());

const keys: Reader<string> = {
  name: "key files",
  inputs: edits.map((list) => editText(pem, list)),
  size: (text) => text.length,
  read: (text) => keyPairOf(text),
  runs: 100,
};

// ---- the lab ----

const lab: Reader<unknown> = {
  name: "lab",
  inputs: fc
    .tuple(fc.constantFrom("answer", "toString", "__proto__", "nothing", "", "constructor"), edits)
    .map(([name, list]) => editJson({ id: 1, name, argument: { client: 0, inputs: [1, 2] } }, list)),
  size: (value) => (JSON.stringify(value) ?? "").length,
  // a question that is none is answered with an error, and the worker goes on
  read: async (question) => {
    const posted: unknown[] = [];
    let listen: (message: unknown) => void = () => {};
    const port = {
      post: (message: unknown) => void posted.push(message),
      onMessage: (heard: typeof listen) => void (listen = heard),
    };
    const service: Service = { answer: ({ client }: { client: number }) => client };
    answerOver(port, service);
    listen(question);
    for (let turn = 0; turn < 10 && posted.length === 0; turn++) await Promise.resolve();
    if (posted.length !== 1) throw new Error(`a question was answered ${posted.length} times`);
    return posted[0];
  },
  check: (value, question) => {
    const { answer } = value as { answer?: unknown };
    const { name } = (question ?? {}) as { name?: unknown };
    if (answer !== undefined && String(name) !== "answer")
      throw new Error(`answered ${JSON.stringify(answer)} to no such question`);
  },
  runs: 3000,
};

export const messages: Kind = {
  name: "messages",
  cases: "inputs",
  share: 4,
  limitSeconds: 90,
  parts: [wire, tree, object, graph, vector, answered, published, keys, lab].map((reader) =>
    partOf(reader as Reader<unknown>),
  ),
};
