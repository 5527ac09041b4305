// One message in, one message out: pulling the objects of an instruction and pushing those of the answer, in the order
// and with the patience that Flower's object store asks for.
import { backoff, pause } from "./backoff.ts";
import type { SentTensor } from "./events.ts";
import type { Fleet } from "./fleet.ts";
import { FlowerMessage } from "./messages.ts";
import type { MessageError, Metadata, ObjectTree } from "./messages.ts";
import { flatten, objectId, openObject, sealObject, treeIds, treeOf } from "./objects.ts";
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
}

/** Every object of a tree. The sender may still be uploading: unavailable objects are asked for again, with back-off. */
export async function pullObjects(link: Link, runId: bigint, tree: ObjectTree): Promise<Map<string, Uint8Array>> {
  const pull = (id: string): Promise<Uint8Array> => persistently(link, () => pullObject(link, runId, id));
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

/** Pushes the reply to a message. Resolves to the bytes sent; rejects with a RangeError if the SuperLink did not want it. */
export async function pushReply(link: Link, received: Metadata, reply: Reply, seconds: number): Promise<number> {
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
  if (metadata.ttl <= 0) throw new RangeError("pushReply: the instruction has expired");
  const content = "content" in reply ? reply.content : undefined;
  const error = "error" in reply ? reply.error : undefined;
  const body = FlowerMessage.encode({ metadata, error });
  const root = await sealObject("Message", body, content === undefined ? [] : [content]);
  const message: FlowerMessage = {
    metadata: { ...metadata, messageId: root.id },
    content: content === undefined ? undefined : {},
    error,
  };
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
  return wanted.reduce((total, object) => total + object.content.length, 0);
}

/** The tensors in some content, for the audit log. */
export function sentTensors(content: FlowerObject): SentTensor[] {
  const byId = new Map(flatten(content).map((object) => [object.id, object]));
  const tensors: SentTensor[] = [];
  for (const object of byId.values()) {
    if (object.type !== "ArrayRecord") continue;
    for (const [name, id] of Object.entries(bodyOf(object) as Record<string, string>)) {
      const { shape } = bodyOf(byId.get(id)!) as { shape: number[] };
      tensors.push({ name, shape, objectId: id });
    }
  }
  return tensors;
}

function bodyOf({ id, content }: FlowerObject): unknown {
  return JSON.parse(new TextDecoder().decode(openObject(id, content).body));
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
