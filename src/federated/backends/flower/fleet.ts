// The Fleet API as typed calls: what a node may ask of a SuperLink, signed with the node's identity.
// Knows requests and responses; when to call and what to do about failures is the node's business.
import type { Credentials, Identity } from "./identity.ts";
import * as proto from "./messages.ts";
import { FleetError } from "./transport.ts";
import type { FleetTransport } from "./transport.ts";
import type { MessageType } from "./messageType.ts";

/** Seconds for one call. A 5 MiB object must get through a slow uplink. */
const CALL_SECONDS = 60;
const HEARTBEAT_SECONDS = 5;
/** Seconds for which a signed time of day is used again; a SuperLink takes it for 300. Signing costs about a millisecond. */
const CREDENTIALS_SECONDS = 20;

/** A message and the tree of the objects that it is made of. */
export interface PulledMessage {
  readonly message: proto.FlowerMessage;
  readonly tree: proto.ObjectTree;
}

export class Fleet {
  readonly #transport: FleetTransport;
  readonly #identity: Identity;
  #credentials: Promise<Credentials> | undefined;
  #signedAt = 0;

  constructor(transport: FleetTransport, identity: Identity) {
    this.#transport = transport;
    this.#identity = identity;
  }

  async #call<Q, S>(
    rpc: proto.FleetRpc,
    type: MessageType<Q>,
    request: Partial<Q>,
    answer: MessageType<S>,
    signal?: AbortSignal,
    timeoutSeconds: number = CALL_SECONDS,
  ): Promise<S> {
    const credentials = await this.#signed();
    const bytes = await this.#transport.unary(rpc, type.encode(request), credentials, { timeoutSeconds, signal });
    try {
      return answer.decode(bytes);
    } catch (cause) {
      // a captive portal answers everything with its page: whoever this is, the SuperLink has not answered yet
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new FleetError(rpc, "unreachable", `${bytes.length} bytes that are no ${answer.name} (${why})`, { cause });
    }
  }

  #signed(): Promise<Credentials> {
    const now = performance.now();
    if (this.#credentials === undefined || now - this.#signedAt > CREDENTIALS_SECONDS * 1000) {
      this.#signedAt = now;
      this.#credentials = this.#identity.credentials();
    }
    return this.#credentials;
  }

  /** Makes the node known. Refused where the SuperLink wants keys to be registered by its operator. */
  async register(signal?: AbortSignal): Promise<bigint> {
    const request = { publicKey: this.#identity.publicKey };
    return (await this.#call("RegisterNode", proto.RegisterNodeRequest, request, proto.NodeId, signal)).nodeId;
  }

  /** Puts the node online until twice the heartbeat interval (10 to 1800 s) has passed without a heartbeat. */
  async activate(heartbeatInterval: number, signal?: AbortSignal): Promise<bigint> {
    const request = { publicKey: this.#identity.publicKey, heartbeatInterval };
    const { nodeId } = await this.#call("ActivateNode", proto.ActivateNodeRequest, request, proto.NodeId, signal);
    // 0 is what an empty page reads as
    if (nodeId === 0n) throw new FleetError("ActivateNode", "unreachable", "no node id");
    return nodeId;
  }

  async heartbeat(nodeId: bigint, heartbeatInterval: number, signal?: AbortSignal): Promise<boolean> {
    const request = { node: { nodeId }, heartbeatInterval };
    const { HeartbeatRequest, HeartbeatResponse } = proto;
    const answer = await this.#call(
      "SendNodeHeartbeat",
      HeartbeatRequest,
      request,
      HeartbeatResponse,
      signal,
      HEARTBEAT_SECONDS,
    );
    return answer.success;
  }

  /** The next message for the node, if there is one. It is delivered once: who drops it has lost the round. */
  async pullMessage(nodeId: bigint, signal?: AbortSignal): Promise<PulledMessage | undefined> {
    const { PullMessagesRequest, PullMessagesResponse } = proto;
    const request = { node: { nodeId } };
    const answer = await this.#call("PullMessages", PullMessagesRequest, request, PullMessagesResponse, signal);
    const [message] = answer.messages;
    const [tree] = answer.trees;
    return message === undefined || tree === undefined ? undefined : { message, tree };
  }

  pullObject(nodeId: bigint, runId: bigint, objectId: string, signal?: AbortSignal): Promise<proto.PullObjectResponse> {
    const request = { node: { nodeId }, runId, objectId };
    return this.#call("PullObject", proto.PullObjectRequest, request, proto.PullObjectResponse, signal);
  }

  /** Lets the SuperLink forget the objects of a message. */
  async confirm(nodeId: bigint, runId: bigint, messageObjectId: string, signal?: AbortSignal): Promise<void> {
    const request = { node: { nodeId }, runId, messageObjectId };
    await this.#call("ConfirmMessageReceived", proto.ConfirmMessageRequest, request, proto.Empty, signal);
  }

  pushMessage(
    nodeId: bigint,
    message: proto.FlowerMessage,
    tree: proto.ObjectTree,
    runtime: number,
    signal?: AbortSignal,
  ): Promise<proto.PushMessagesResponse> {
    const request = { node: { nodeId }, messages: [message], trees: [tree], runtimes: [runtime] };
    return this.#call("PushMessages", proto.PushMessagesRequest, request, proto.PushMessagesResponse, signal);
  }

  async pushObject(
    nodeId: bigint,
    runId: bigint,
    object: { readonly id: string; readonly content: Uint8Array },
    sessionId: string,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { PushObjectRequest, PushObjectResponse } = proto;
    const request = { node: { nodeId }, runId, objectId: object.id, content: object.content, sessionId };
    return (await this.#call("PushObject", PushObjectRequest, request, PushObjectResponse, signal)).stored;
  }

  async deactivate(nodeId: bigint, signal?: AbortSignal): Promise<void> {
    await this.#call("DeactivateNode", proto.NodeId, { nodeId }, proto.Empty, signal, HEARTBEAT_SECONDS);
  }

  async unregister(nodeId: bigint, signal?: AbortSignal): Promise<void> {
    await this.#call("UnregisterNode", proto.NodeId, { nodeId }, proto.Empty, signal, HEARTBEAT_SECONDS);
  }
}
