// One message in, one message out: pulling the objects of an instruction and pushing those of the answer, in the order
// and with the patience that Flower's object store asks for.
import { oneLine } from "../../admission.ts";
import { backoff, pause } from "./backoff.ts";
import type { Fleet } from "./fleet.ts";
import { heldBy } from "./leaving.ts";
import type { Leaving } from "./leaving.ts";
import { FlowerMessage } from "./messages.ts";
import type { MessageError, Metadata, ObjectTree } from "./messages.ts";
import { flatten, objectId, sealObject, treeIds, treeOf } from "./objects.ts";
import type { FlowerObject } from "./objects.ts";
import type { Transfers } from "./transfers.ts";
import { FleetError } from "./transport.ts";

/** The SuperLink's own node id. */
const SUPERLINK = 1n;

/** A node's side of an exchange. */
export interface Link {
  readonly fleet: Fleet;
  readonly nodeId: bigint;
  readonly signal: AbortSignal;
  /** Seconds without progress before an exchange is given up. */
  readonly patienceSeconds: number;
  readonly transfers: Transfers;
  /** Hears of a reply before its first byte leaves, and is waited for; where it rejects nothing leaves. */
  readonly leaving: (leaving: Leaving) => Promise<void>;
}

/** The log of what leaves could not be written, so nothing did. */
export class UnloggedError extends RangeError {}

// an instruction is a model and a few settings; what is larger is nobody's model here
const MOST_INSTRUCTION_BYTES = 1_073_741_824;

/** Every object of a tree. The sender may still be uploading: unavailable objects are asked for again, with back-off. */
export async function pullObjects(link: Link, runId: bigint, tree: ObjectTree): Promise<Map<string, Uint8Array>> {
  let bytes = 0;
  const pull = async (id: string): Promise<Uint8Array> => {
    const content = await persistently(link, () => pullObject(link, runId, id));
    if ((bytes += content.length) > MOST_INSTRUCTION_BYTES)
      throw new RangeError(`pullObject: an instruction of more than ${MOST_INSTRUCTION_BYTES} bytes`);
    return content;
  };
  const ids = treeIds(tree);
  const contents = await Promise.all(ids.map((id) => link.transfers.once(id, () => pull(id))));
  return new Map(ids.map((id, i) => [id, contents[i]!]));
}

async function pullObject(
  { fleet, nodeId, signal, patienceSeconds }: Link,
  runId: bigint,
  id: string,
): Promise<Uint8Array> {
  const until = performance.now() + patienceSeconds * 1000;
  for (let n = 0; ; n++) {
    const { found, available, content } = await fleet.pullObject(nodeId, runId, id, signal);
    if (!found) throw new RangeError(`pullObject: the SuperLink has no object ${id.slice(0, 12)}`);
    if (available) {
      if ((await objectId(new Uint8Array(content))) !== id)
        throw new RangeError(`pullObject: object ${id.slice(0, 12)} arrived with another hash`);
      return content;
    }
    if (performance.now() > until) throw new RangeError(`pullObject: object ${id.slice(0, 12)} was never uploaded`);
    await pause(backoff(n), signal);
  }
}

/** What is said in answer to a message: content, or an error. */
export type Reply = { readonly content: FlowerObject } | { readonly error: MessageError };

/** What is known of a reply besides what it holds. */
export type About = Pick<Leaving, "round" | "spent"> & { readonly seconds: number };

/**
 * Logs the reply to a message, then pushes it. Resolves to what was sent; rejects with an UnloggedError if it could not be
 * logged and so was not sent, with a RangeError if the SuperLink did not want it.
 */
export async function pushReply(
  link: Link,
  received: Metadata,
  reply: Reply,
  { seconds, round, spent }: About,
): Promise<Leaving> {
  const { fleet, nodeId, signal } = link;
  const createdAt = Date.now() / 1000;
  const metadata: Metadata = {
    ...received,
    messageId: "",
    srcNodeId: nodeId,
    dstNodeId: received.srcNodeId || SUPERLINK,
    replyToMessageId: received.messageId,
    createdAt,
    // a reply may live as long as its instruction, not longer
    ttl: received.createdAt + received.ttl - createdAt,
    srcTaskId: received.dstTaskId,
    dstTaskId: received.srcTaskId,
  };
  // said so that a time to live that is no number has expired
  if (!(metadata.ttl > 0 && metadata.ttl < Infinity)) throw new RangeError("pushReply: the instruction has expired");
  const content = "content" in reply ? reply.content : undefined;
  const error = "error" in reply ? reply.error : undefined;
  const body = FlowerMessage.encode({ metadata, error });
  const root = await sealObject("Message", body, content === undefined ? [] : [content]);
  const message: FlowerMessage = {
    metadata: { ...metadata, messageId: root.id },
    content: content === undefined ? undefined : {},
    error,
  };
  // said by the server: in the log it is one short line
  const messageType = oneLine(received.messageType);
  const leaving: Leaving = { messageType, round, ...heldBy(root), error: error?.reason, spent };
  await link.leaving(leaving).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnloggedError(`node: the log of what leaves could not be written, ${why}; nothing was sent`, { cause });
  });
  const push = (): ReturnType<Fleet["pushMessage"]> =>
    fleet.pushMessage(nodeId, message, treeOf(root), seconds, signal);
  const { objectsToPush, sessionId } = await persistently(link, push);
  // the root is new by its time stamp: a SuperLink that does not ask for it has refused the reply, and says so no other way
  if (!objectsToPush.includes(root.id)) throw new RangeError("pushReply: the SuperLink did not accept the reply");
  const wanted = flatten(root).filter((object) => objectsToPush.includes(object.id));
  const store = async (object: FlowerObject): Promise<void> => {
    const push = (): Promise<boolean> => fleet.pushObject(nodeId, received.runId, object, sessionId, signal);
    // stored once: pushed again, it is no longer wanted, because only the answer had been lost
    const stored = await persistently(link, async (attempt) => (await push()) || attempt > 0);
    if (!stored) throw new RangeError(`pushReply: object ${object.id.slice(0, 12)} was not stored`);
  };
  await Promise.all(wanted.map((object) => link.transfers.inTurn(() => store(object))));
  return leaving;
}

/** Repeats a call while the SuperLink cannot be reached, for at most the link's patience. */
export async function persistently<T>(
  { signal, patienceSeconds }: Link,
  call: (attempt: number) => Promise<T>,
): Promise<T> {
  const until = performance.now() + patienceSeconds * 1000;
  for (let n = 0; ; n++) {
    try {
      return await call(n);
    } catch (error) {
      if (!(error instanceof FleetError && error.kind === "unreachable") || performance.now() > until) throw error;
      await pause(backoff(n), signal);
    }
  }
}
