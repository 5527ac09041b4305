// Flower's Fleet messages, package flwr.proto, from its public field numbers. Only what a client says or hears; fields
// that newer servers add are skipped, fields that older servers do not know (session ids) are ignored by them.
import { bool, bytes, define, double, many, maybe, message, one, sint64, text, uint32, uint64 } from "./wire.ts";
import type { MessageType } from "./messageType.ts";

/** Names of the RPCs of service flwr.proto.Fleet that a client needs. All are unary. */
export type FleetRpc =
  | "RegisterNode"
  | "ActivateNode"
  | "SendNodeHeartbeat"
  | "PullMessages"
  | "PullObject"
  | "ConfirmMessageReceived"
  | "PushMessages"
  | "PushObject"
  | "DeactivateNode"
  | "UnregisterNode";

export interface Node {
  nodeId: bigint;
}
export const Node: MessageType<Node> = define("Node", { nodeId: one(1, uint64) });

/** The empty response of several RPCs. */
export type Empty = Record<never, never>;
export const Empty: MessageType<Empty> = define("Empty", {});

// ---- identity ----

export interface RegisterNodeRequest {
  publicKey: Uint8Array;
}
export const RegisterNodeRequest: MessageType<RegisterNodeRequest> = define("RegisterNodeFleetRequest", {
  publicKey: one(1, bytes),
});

export interface ActivateNodeRequest {
  publicKey: Uint8Array;
  heartbeatInterval: number;
}
export const ActivateNodeRequest: MessageType<ActivateNodeRequest> = define("ActivateNodeRequest", {
  publicKey: one(1, bytes),
  heartbeatInterval: one(2, double),
});

/** A bare node id: the answer to register and activate, the question of deactivate and unregister. */
export interface NodeId {
  nodeId: bigint;
}
export const NodeId: MessageType<NodeId> = define("NodeId", { nodeId: one(1, uint64) });

export interface HeartbeatRequest {
  node: Node | undefined;
  heartbeatInterval: number;
}
export const HeartbeatRequest: MessageType<HeartbeatRequest> = define("SendNodeHeartbeatRequest", {
  node: maybe(
    1,
    message(() => Node),
  ),
  heartbeatInterval: one(2, double),
});

export interface HeartbeatResponse {
  success: boolean;
}
export const HeartbeatResponse: MessageType<HeartbeatResponse> = define("SendNodeHeartbeatResponse", {
  success: one(1, bool),
});

// ---- messages and object trees ----

export interface Metadata {
  runId: bigint;
  messageId: string;
  srcNodeId: bigint;
  dstNodeId: bigint;
  replyToMessageId: string;
  groupId: string;
  /** Seconds from `createdAt` during which the message counts. */
  ttl: number;
  messageType: string;
  /** Seconds since 1970. */
  createdAt: number;
  srcTaskId: bigint | undefined;
  dstTaskId: bigint | undefined;
}
export const Metadata: MessageType<Metadata> = define("Metadata", {
  runId: one(1, uint64),
  messageId: one(2, text),
  srcNodeId: one(3, uint64),
  dstNodeId: one(4, uint64),
  replyToMessageId: one(5, text),
  groupId: one(6, text),
  ttl: one(7, double),
  messageType: one(8, text),
  createdAt: one(9, double),
  srcTaskId: maybe(10, uint64),
  dstTaskId: maybe(11, uint64),
});

export interface MessageError {
  code: bigint;
  reason: string;
}
export const MessageError: MessageType<MessageError> = define("Error", { code: one(1, sint64), reason: one(2, text) });

/** On the wire `content` is always an empty record dict: the real content travels as objects. */
export interface FlowerMessage {
  metadata: Metadata | undefined;
  content: Empty | undefined;
  error: MessageError | undefined;
}
export const FlowerMessage: MessageType<FlowerMessage> = define("Message", {
  metadata: maybe(
    1,
    message(() => Metadata),
  ),
  content: maybe(
    2,
    message(() => Empty),
  ),
  error: maybe(
    3,
    message(() => MessageError),
  ),
});

export interface ObjectTree {
  objectId: string;
  children: readonly ObjectTree[];
}
export const ObjectTree: MessageType<ObjectTree> = define("ObjectTree", {
  objectId: one(1, text),
  children: many(
    2,
    message(() => ObjectTree),
  ),
});

// ---- pull ----

export interface PullMessagesRequest {
  node: Node | undefined;
}
export const PullMessagesRequest: MessageType<PullMessagesRequest> = define("PullMessagesRequest", {
  node: maybe(
    1,
    message(() => Node),
  ),
});

export interface PullMessagesResponse {
  messages: readonly FlowerMessage[];
  trees: readonly ObjectTree[];
}
export const PullMessagesResponse: MessageType<PullMessagesResponse> = define("PullMessagesResponse", {
  messages: many(
    2,
    message(() => FlowerMessage),
  ),
  trees: many(
    3,
    message(() => ObjectTree),
  ),
});

export interface PullObjectRequest {
  node: Node | undefined;
  runId: bigint;
  objectId: string;
}
export const PullObjectRequest: MessageType<PullObjectRequest> = define("PullObjectRequest", {
  node: maybe(
    1,
    message(() => Node),
  ),
  runId: one(2, uint64),
  objectId: one(3, text),
});

export interface PullObjectResponse {
  found: boolean;
  /** False while the sender is still uploading. */
  available: boolean;
  content: Uint8Array;
}
export const PullObjectResponse: MessageType<PullObjectResponse> = define("PullObjectResponse", {
  found: one(1, bool),
  available: one(2, bool),
  content: one(3, bytes),
});

export interface ConfirmMessageRequest {
  node: Node | undefined;
  runId: bigint;
  messageObjectId: string;
}
export const ConfirmMessageRequest: MessageType<ConfirmMessageRequest> = define("ConfirmMessageReceivedRequest", {
  node: maybe(
    1,
    message(() => Node),
  ),
  runId: one(2, uint64),
  messageObjectId: one(3, text),
});

// ---- push ----

export interface PushMessagesRequest {
  node: Node | undefined;
  messages: readonly FlowerMessage[];
  trees: readonly ObjectTree[];
  /** Seconds the client worked. */
  runtimes: readonly number[];
}
export const PushMessagesRequest: MessageType<PushMessagesRequest> = define("PushMessagesRequest", {
  node: maybe(
    1,
    message(() => Node),
  ),
  messages: many(
    2,
    message(() => FlowerMessage),
  ),
  trees: many(
    3,
    message(() => ObjectTree),
  ),
  runtimes: many(4, double),
});

export interface PushResult {
  key: string;
  value: number;
}
export const PushResult: MessageType<PushResult> = define("ResultsEntry", { key: one(1, text), value: one(2, uint32) });

export interface PushMessagesResponse {
  results: readonly PushResult[];
  objectsToPush: readonly string[];
  sessionId: string;
}
export const PushMessagesResponse: MessageType<PushMessagesResponse> = define("PushMessagesResponse", {
  results: many(
    2,
    message(() => PushResult),
  ),
  objectsToPush: many(3, text),
  sessionId: one(4, text),
});

export interface PushObjectRequest {
  node: Node | undefined;
  runId: bigint;
  objectId: string;
  content: Uint8Array;
  sessionId: string;
}
export const PushObjectRequest: MessageType<PushObjectRequest> = define("PushObjectRequest", {
  node: maybe(
    1,
    message(() => Node),
  ),
  runId: one(2, uint64),
  objectId: one(3, text),
  content: one(4, bytes),
  sessionId: one(5, text),
});

export interface PushObjectResponse {
  stored: boolean;
}
export const PushObjectResponse: MessageType<PushObjectResponse> = define("PushObjectResponse", {
  stored: one(1, bool),
});
