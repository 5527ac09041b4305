// A SuperLink in memory, for tests of the client's manners only: what it does with real Flower is real.ts's business.
// It checks what Flower checks (signature, clock, node, hashes, reply metadata) and can misbehave as Flower may.
import { createPublicKey, verify } from "node:crypto";
import type { Credentials } from "../../../src/federated/backends/flower/identity.ts";
import * as proto from "../../../src/federated/backends/flower/messages.ts";
import type { FleetRpc } from "../../../src/federated/backends/flower/messages.ts";
import {
  flatten,
  objectId,
  openObject,
  sealObject,
  treeIds,
  treeOf,
} from "../../../src/federated/backends/flower/objects.ts";
import type { FlowerObject } from "../../../src/federated/backends/flower/objects.ts";
import {
  arrayObject,
  configObject,
  readContent,
  recordObject,
} from "../../../src/federated/backends/flower/records.ts";
import type { Content } from "../../../src/federated/backends/flower/records.ts";
import { FleetError } from "../../../src/federated/backends/flower/transport.ts";
import type { FleetTransport } from "../../../src/federated/backends/flower/transport.ts";
import type { TensorSpec } from "../../../src/nn/parameters.ts";

const RUN = 2n ** 63n + 7n;

/** What a node answered: content, or an error. */
export interface Heard {
  readonly content?: Content;
  readonly error?: proto.MessageError;
  readonly metadata: proto.Metadata;
}

interface Waiting {
  readonly message: proto.FlowerMessage;
  readonly root: FlowerObject;
  readonly resolve: (heard: Heard) => void;
  tree?: proto.ObjectTree;
  reply?: proto.FlowerMessage;
}

export class FakeSuperLink implements FleetTransport {
  readonly address: string = "fake://";
  /** Calls so far, by name. */
  readonly calls: string[] = [];
  /** Every object that was pushed. */
  readonly pushed: Map<string, Uint8Array> = new Map<string, Uint8Array>();
  /** Set to fail every call, as a network that is down does. */
  down = false;
  /** Seconds that an answer takes to arrive. */
  slow = 0;
  /** Calls that are carried out, but whose answer gets lost, once each. */
  readonly lost: Set<FleetRpc> = new Set<FleetRpc>();
  /** Set to close the run: its objects are gone, and pushes are refused. */
  closed = false;
  /** Pulls of an object that find it not yet uploaded, before one that gets it. */
  lag = 0;
  /** The session that must come back with every object. */
  readonly session: string = "session-1";

  readonly #nodes = new Map<string, bigint>();
  readonly #queue = new Map<bigint, Waiting[]>();
  readonly #asked = new Map<string, number>();
  #objects = new Map<string, Uint8Array>();
  #open: Waiting[] = [];
  #joined: (() => void)[] = [];

  /** Forgets every node, as a SuperLink without a database does when it is restarted. */
  restart(): void {
    this.#nodes.clear();
    this.#queue.clear();
  }

  /** Node ids, once there are at least so many. */
  async nodes(count: number): Promise<bigint[]> {
    while (this.#queue.size < count) await new Promise<void>((resolve) => this.#joined.push(resolve));
    return [...this.#queue.keys()];
  }

  /** Sends arrays to a node and waits for what it answers. */
  async ask(
    nodeId: bigint,
    messageType: string,
    specs: readonly TensorSpec[],
    values: Float32Array,
    config: Readonly<Record<string, number | boolean | string>>,
  ): Promise<Heard> {
    const entries: [string, FlowerObject][] = [];
    let at = 0;
    for (const { name, shape } of specs) {
      const length = shape.reduce((n, size) => n * size, 1);
      entries.push([name, await arrayObject(shape, values.subarray(at, at + length))]);
      at += length;
    }
    const content = await recordObject("RecordDict", [
      ["arrays", await recordObject("ArrayRecord", entries)],
      ["config", await configObject(config)],
    ]);
    const metadata: proto.Metadata = {
      runId: RUN,
      messageId: "",
      srcNodeId: 1n,
      dstNodeId: nodeId,
      replyToMessageId: "",
      groupId: "group",
      ttl: 3600,
      messageType,
      createdAt: Date.now() / 1000,
      srcTaskId: 5n,
      dstTaskId: undefined,
    };
    const root = await sealObject("Message", proto.FlowerMessage.encode({ metadata }), [content]);
    for (const object of flatten(root)) this.#objects.set(object.id, object.content);
    const message = { metadata: { ...metadata, messageId: root.id }, content: {}, error: undefined };
    return new Promise((resolve) => {
      this.#queue.get(nodeId)!.push({ message, root, resolve });
    });
  }

  close(): void {}

  async unary(rpc: FleetRpc, request: Uint8Array, credentials: Credentials): Promise<Uint8Array> {
    this.calls.push(rpc);
    if (this.down) throw new FleetError(rpc, "unreachable", "connection refused");
    const { slow } = this;
    const answer = await this.#answer(rpc, request, credentials);
    if (slow > 0) await new Promise((resolve) => setTimeout(resolve, 1000 * slow));
    if (this.lost.delete(rpc)) throw new FleetError(rpc, "unreachable", "500: internal server error");
    return answer;
  }

  async #answer(rpc: FleetRpc, request: Uint8Array, credentials: Credentials): Promise<Uint8Array> {
    const { publicKey, timestamp, signature } = credentials;
    const age = Date.now() - Date.parse(timestamp);
    const signed = verify("sha256", Buffer.from(timestamp), createPublicKey(Buffer.from(publicKey)), signature);
    if (age < -5000 || age > 305_000 || !signed) throw new FleetError(rpc, "unauthenticated", "401: bad clock or key");
    const owner = Buffer.from(publicKey).toString();
    const nodeOf = (node: proto.Node | undefined): bigint => {
      if (node === undefined || this.#nodes.get(owner) !== node.nodeId)
        throw new FleetError(rpc, "unauthenticated", "401: invalid node id");
      return node.nodeId;
    };
    switch (rpc) {
      case "RegisterNode": {
        if (this.#nodes.has(owner)) throw new FleetError(rpc, "refused", "public key already in use");
        this.#nodes.set(owner, BigInt(1000 + this.calls.length));
        return proto.NodeId.encode({ nodeId: this.#nodes.get(owner)! });
      }
      case "ActivateNode": {
        const nodeId = this.#nodes.get(owner);
        if (nodeId === undefined) throw new FleetError(rpc, "refused", "unknown key");
        this.#queue.set(nodeId, this.#queue.get(nodeId) ?? []);
        for (const tell of this.#joined.splice(0)) tell();
        return proto.NodeId.encode({ nodeId });
      }
      case "SendNodeHeartbeat":
        nodeOf(proto.HeartbeatRequest.decode(request).node);
        return proto.HeartbeatResponse.encode({ success: true });
      case "PullMessages": {
        const waiting = this.#queue.get(nodeOf(proto.PullMessagesRequest.decode(request).node))!.shift();
        if (waiting === undefined) return new Uint8Array(0);
        this.#open.push(waiting);
        return proto.PullMessagesResponse.encode({ messages: [waiting.message], trees: [treeOf(waiting.root)] });
      }
      case "PullObject": {
        const { node, objectId: id } = proto.PullObjectRequest.decode(request);
        nodeOf(node);
        if (this.closed) throw new FleetError(rpc, "closed", "403: the run is finished");
        const asked = (this.#asked.get(id) ?? 0) + 1;
        this.#asked.set(id, asked);
        const content = this.#objects.get(id);
        if (content === undefined) return new Uint8Array(0);
        return asked <= this.lag
          ? proto.PullObjectResponse.encode({ found: true })
          : proto.PullObjectResponse.encode({ found: true, available: true, content });
      }
      case "ConfirmMessageReceived":
        return new Uint8Array(0);
      case "PushMessages":
        return this.#take(rpc, nodeOf, proto.PushMessagesRequest.decode(request));
      case "PushObject": {
        const { node, objectId: id, content, sessionId } = proto.PushObjectRequest.decode(request);
        nodeOf(node);
        if (sessionId !== this.session || (await objectId(new Uint8Array(content))) !== id) return new Uint8Array(0);
        // nobody waits for it any more: Flower says no
        if (this.pushed.has(id)) return new Uint8Array(0);
        openObject(id, content);
        this.pushed.set(id, content.slice());
        this.#settle();
        return proto.PushObjectResponse.encode({ stored: true });
      }
      default: {
        const { nodeId } = proto.NodeId.decode(request);
        nodeOf({ nodeId });
        if (rpc === "DeactivateNode") this.#queue.delete(nodeId);
        return new Uint8Array(0);
      }
    }
  }

  // what Flower checks of a reply; a reply that fails is dropped without an error
  #take(
    rpc: FleetRpc,
    nodeOf: (node: proto.Node | undefined) => bigint,
    { node, messages, trees }: proto.PushMessagesRequest,
  ): Uint8Array {
    const nodeId = nodeOf(node);
    if (this.closed) throw new FleetError(rpc, "closed", "403: the run is finished");
    const [message] = messages;
    const [tree] = trees;
    const reply = message?.metadata;
    const waiting = this.#open.find((open) => open.root.id === reply?.replyToMessageId);
    const asked = waiting?.message.metadata;
    const sound =
      reply !== undefined &&
      asked !== undefined &&
      reply.messageId === tree?.objectId &&
      reply.srcNodeId === nodeId &&
      reply.dstNodeId === 1n &&
      reply.runId === asked.runId &&
      reply.groupId === asked.groupId &&
      reply.messageType === asked.messageType &&
      reply.ttl > 0 &&
      reply.createdAt + reply.ttl <= asked.createdAt + asked.ttl + 0.1 &&
      (message?.content === undefined) !== (message?.error === undefined);
    if (!sound) return proto.PushMessagesResponse.encode({ sessionId: this.session });
    waiting!.tree = tree!;
    waiting!.reply = message!;
    const objectsToPush = treeIds(tree!).filter((id) => !this.pushed.has(id));
    return proto.PushMessagesResponse.encode({ objectsToPush, sessionId: this.session });
  }

  #settle(): void {
    this.#open = this.#open.filter(({ tree, reply, resolve }) => {
      if (tree === undefined || reply === undefined || !treeIds(tree).every((id) => this.pushed.has(id))) return true;
      const metadata = reply.metadata!;
      resolve(
        reply.error === undefined
          ? { content: readContent(tree.objectId, this.pushed), metadata }
          : { error: reply.error, metadata },
      );
      return false;
    });
  }
}
