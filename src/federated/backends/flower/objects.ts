// Flower's object store as a client sees it: immutable byte strings addressed by their SHA-256, with the ids of their
// children in the head. Knows how objects are framed and hung together; refuses to know what the bodies mean.
import type { ObjectTree } from "./messages.ts";
import { MOST_ELEMENTS } from "./wire.ts";

export type ObjectType =
  "Message" | "RecordDict" | "ArrayRecord" | "Array" | "ArrayChunk" | "MetricRecord" | "ConfigRecord";

/** An object with its bytes and its children, ready to be pushed. */
export interface FlowerObject {
  readonly id: string;
  readonly type: ObjectType;
  readonly content: Uint8Array<ArrayBuffer>;
  /** Distinct, in the order of the head. */
  readonly children: readonly FlowerObject[];
}

/** An object taken apart. */
export interface OpenedObject {
  readonly type: string;
  readonly children: readonly string[];
  readonly body: Uint8Array;
}

/** The id of some bytes: lower-case hexadecimal SHA-256. */
export async function objectId(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Frames a body: `<Type> <child ids, comma-joined> <body length>`, a zero byte, the body. Equal children count once. */
export async function sealObject(
  type: ObjectType,
  body: Uint8Array,
  children: readonly FlowerObject[] = [],
): Promise<FlowerObject> {
  const distinct = [...new Map(children.map((child) => [child.id, child])).values()];
  const head = new TextEncoder().encode(`${type} ${distinct.map((child) => child.id).join(",")} ${body.length}`);
  const content = new Uint8Array(head.length + 1 + body.length);
  content.set(head);
  content.set(body, head.length + 1);
  return { id: await objectId(content), type, content, children: distinct };
}

// 65 bytes a child, and as many children as a tree may have
const MOST_HEAD_BYTES = 65 * MOST_ELEMENTS + 64;

/** Takes an object apart and checks its frame; throws a RangeError that names the object if the frame is broken. */
export function openObject(id: string, content: Uint8Array): OpenedObject {
  const zero = content.indexOf(0);
  const head = zero < 0 || zero > MOST_HEAD_BYTES ? [] : new TextDecoder().decode(content.subarray(0, zero)).split(" ");
  const [type, children, length] = head;
  if (head.length !== 3 || type === undefined || children === undefined)
    throw new RangeError(`openObject: object ${id.slice(0, 12)} has no head of three words`);
  const body = content.subarray(zero + 1);
  if (Number(length) !== body.length)
    throw new RangeError(`openObject: object ${id.slice(0, 12)} has ${body.length} bytes, its head says ${length}`);
  return { type, children: children === "" ? [] : children.split(","), body };
}

/** Every distinct object below and including `root`, children first. */
export function flatten(root: FlowerObject): FlowerObject[] {
  const seen = new Map<string, FlowerObject>();
  const visit = (object: FlowerObject): void => {
    if (seen.has(object.id)) return;
    object.children.forEach(visit);
    seen.set(object.id, object);
  };
  visit(root);
  return [...seen.values()];
}

/** The tree of ids that travels with a message. */
export function treeOf(object: FlowerObject): ObjectTree {
  return { objectId: object.id, children: object.children.map(treeOf) };
}

/** Every distinct id of a tree, children first. RangeError for an id that is none. */
export function treeIds(tree: ObjectTree): string[] {
  const ids = new Set<string>();
  const visit = (node: ObjectTree): void => {
    node.children.forEach(visit);
    if (!/^[0-9a-f]{64}$/.test(node.objectId))
      throw new RangeError(`objects: id, got ${JSON.stringify(node.objectId.slice(0, 20))}, expected a SHA-256`);
    ids.add(node.objectId);
  };
  visit(tree);
  return [...ids];
}
