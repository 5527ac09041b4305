// What a message says, as objects and back: arrays as .npy bodies cut into chunks, metrics, configuration.
// Knows Flower's content; refuses to know who may send what (reply.ts decides that).
import { shown } from "../../../runtime/options.ts";
import { decodeNpy, encodeNpy } from "../../../io/npy.ts";
import type { TensorData } from "../../../io/dtype.ts";
import { openObject, sealObject } from "./objects.ts";
import type { FlowerObject, OpenedObject } from "./objects.ts";
import { ConfigRecord, MetricRecord } from "./values.ts";
import type { ConfigValue, MetricValue } from "./values.ts";

/** Bytes of an array per object, Flower's default. */
export const CHUNK_BYTES = 5_242_880;

export type ConfigScalar = number | bigint | boolean | string | Uint8Array | readonly (number | bigint | string)[];

/** The content of a message: named records of three kinds. */
export interface Content {
  readonly arrays: ReadonlyMap<string, ReadonlyMap<string, TensorData>>;
  readonly metrics: ReadonlyMap<string, ReadonlyMap<string, number | readonly number[]>>;
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, ConfigScalar>>;
}

/** JSON as Python's json.dumps writes it, so that equal content has the id that Flower would give it. */
function json(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(json).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([key, entry]) => `${json(key)}: ${json(entry)}`)
      .join(", ")}}`;
  // every code unit above ASCII is escaped
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(json(value));

/** What NumPy calls the type of these. */
export function dtypeOf(values: TensorData["data"]): string {
  return values.constructor.name.replace("Array", "").toLowerCase();
}

/** One array: its .npy bytes in chunks of at most `chunkBytes`, and a description of how to join them. */
export async function arrayObject(
  shape: readonly number[],
  values: Float32Array | Float64Array | Uint8Array | Uint32Array,
  chunkBytes: number = CHUNK_BYTES,
): Promise<FlowerObject> {
  const npy = encodeNpy({ shape, data: values });
  const chunks: FlowerObject[] = [];
  for (let at = 0; at < npy.length; at += chunkBytes)
    chunks.push(await sealObject("ArrayChunk", npy.subarray(at, at + chunkBytes)));
  const distinct = [...new Set(chunks.map((chunk) => chunk.id))];
  const dtype = dtypeOf(values);
  const arraychunk_ids = chunks.map((chunk) => distinct.indexOf(chunk.id));
  return sealObject("Array", jsonBytes({ dtype, shape, stype: "numpy.ndarray", arraychunk_ids }), chunks);
}

/** A record of named objects: an ArrayRecord of Arrays or a RecordDict of records. */
export function recordObject(
  type: "ArrayRecord" | "RecordDict",
  entries: readonly (readonly [name: string, object: FlowerObject])[],
): Promise<FlowerObject> {
  const ids = Object.fromEntries(entries.map(([name, object]) => [name, object.id]));
  return sealObject(
    type,
    jsonBytes(ids),
    entries.map(([, object]) => object),
  );
}

/**
 * A metric record. `num-examples` is an integer; every other value is a double, whatever it happens to be. RangeError for
 * what is no finite number.
 */
export async function metricsObject(metrics: Readonly<Record<string, number>>): Promise<FlowerObject> {
  for (const [name, value] of Object.entries(metrics))
    if (!(typeof value === "number" && Math.abs(value) < Infinity))
      throw new RangeError(`metric ${name}, got ${shown(value).slice(0, 40)}, expected a finite number`);
  const items = Object.entries(metrics).map(([key, value]) => ({
    key,
    value: key === "num-examples" ? { sint64: BigInt(value) } : { double: value },
  }));
  return sealObject("MetricRecord", MetricRecord.encode({ items }));
}

/** A configuration record; whole numbers become integers. */
export function configObject(config: Readonly<Record<string, number | boolean | string>>): Promise<FlowerObject> {
  const items = Object.entries(config).map(([key, value]) => ({
    key,
    value:
      typeof value === "number"
        ? Number.isSafeInteger(value)
          ? { sint64: BigInt(value) }
          : { double: value }
        : typeof value === "boolean"
          ? { bool: value }
          : { string: value },
  }));
  return sealObject("ConfigRecord", ConfigRecord.encode({ items }));
}

const number = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));

/** The names in a record's body and the objects they stand for. */
function names(id: string, body: Uint8Array): [string, string][] {
  const entries: [string, unknown][] = Object.entries(jsonOf(id, body));
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === "string"))
    throw new RangeError(`readContent: object ${id.slice(0, 12)} names something that is no object`);
  return entries as [string, string][];
}

function jsonOf(id: string, body: Uint8Array): object {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    // said below
  }
  if (typeof value !== "object" || value === null)
    throw new RangeError(`readContent: object ${id.slice(0, 12)} is no JSON object`);
  return value;
}

function metricOf(value: MetricValue | undefined): number | readonly number[] {
  const list = value?.doubles?.vals ?? value?.sint64s?.vals.map(Number) ?? value?.uint64s?.vals.map(Number);
  return value?.double ?? number(value?.sint64) ?? number(value?.uint64) ?? list ?? 0;
}

function configOf(value: ConfigValue | undefined): ConfigScalar {
  const list = value?.doubles?.vals ?? value?.sint64s?.vals ?? value?.uint64s?.vals ?? value?.strings?.vals;
  const integer = value?.sint64 ?? value?.uint64;
  const exact = integer === undefined ? undefined : Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
  return value?.double ?? exact ?? value?.bool ?? value?.string ?? value?.bytes ?? list ?? "";
}

export interface ReadOptions {
  /**
   * Bytes that all arrays may hold together, once their chunks are joined. A chunk may be named again and again, so a small
   * message could describe a huge array: 64 times what was received unless said.
   */
  readonly arrayBytes?: number;
}

/**
 * Reads content back from pulled objects. Throws a RangeError that names the object which is missing or malformed, and
 * allocates nothing that was not checked to be within bounds.
 */
export function readContent(
  rootId: string,
  objects: ReadonlyMap<string, Uint8Array>,
  options: ReadOptions = {},
): Content {
  const received = [...objects.values()].reduce((total, content) => total + content.length, 0);
  const { arrayBytes = 64 * received } = options;
  const open = (id: string, expected?: string): OpenedObject => opened(objects, id, expected);

  let joinedBytes = 0;
  const array = (id: string): TensorData => {
    const { body, children } = open(id, "Array");
    const { arraychunk_ids: order } = jsonOf(id, body) as { arraychunk_ids?: unknown };
    if (!Array.isArray(order) || !order.every((index) => Number.isInteger(index) && index in children))
      throw new RangeError(`readContent: object ${id.slice(0, 12)} has no list of its chunks`);
    const distinct = children.map((child) => open(child, "ArrayChunk").body);
    const chunks = (order as number[]).map((index) => distinct[index]!);
    const length = chunks.reduce((total, chunk) => total + chunk.length, 0);
    joinedBytes += length;
    if (joinedBytes > arrayBytes)
      throw new RangeError(
        `readContent: arrays of ${joinedBytes} bytes and more, expected at most ${arrayBytes}; another model, or a chunk named too often`,
      );
    const joined = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    return decodeNpy(joined);
  };

  const arrays = new Map<string, Map<string, TensorData>>();
  const metrics = new Map<string, Map<string, number | readonly number[]>>();
  const configs = new Map<string, Map<string, ConfigScalar>>();
  for (const [name, id] of recordsOf(rootId, objects)) {
    const { type, body } = open(id);
    if (type === "ArrayRecord") arrays.set(name, new Map(names(id, body).map(([key, child]) => [key, array(child)])));
    else if (type === "MetricRecord")
      metrics.set(name, new Map(MetricRecord.decode(body).items.map(({ key, value }) => [key, metricOf(value)])));
    else if (type === "ConfigRecord") configs.set(name, settings(body));
    else throw new RangeError(`readContent: record ${name.slice(0, 40)} is of unknown type ${type.slice(0, 40)}`);
  }
  return { arrays, metrics, configs };
}

/** The configuration of a message alone: its arrays are left as they are. */
export function readConfigs(rootId: string, objects: ReadonlyMap<string, Uint8Array>): Content["configs"] {
  const configs = new Map<string, Map<string, ConfigScalar>>();
  for (const [name, id] of recordsOf(rootId, objects)) {
    const { type, body } = opened(objects, id);
    if (type === "ConfigRecord") configs.set(name, settings(body));
  }
  return configs;
}

function settings(body: Uint8Array): Map<string, ConfigScalar> {
  return new Map(ConfigRecord.decode(body).items.map(({ key, value }) => [key, configOf(value)]));
}

/** The records of a message or of its content, by name. */
function recordsOf(rootId: string, objects: ReadonlyMap<string, Uint8Array>): [string, string][] {
  const root = opened(objects, rootId);
  const dict = root.type === "Message" ? root.children[0] : rootId;
  return dict === undefined ? [] : names(dict, opened(objects, dict, "RecordDict").body);
}

function opened(objects: ReadonlyMap<string, Uint8Array>, id: string, expected?: string): OpenedObject {
  const content = objects.get(id);
  if (content === undefined) throw new RangeError(`readContent: object ${id.slice(0, 12)} was not delivered`);
  const found = openObject(id, content);
  if (expected !== undefined && found.type !== expected)
    throw new RangeError(`readContent: object ${id.slice(0, 12)} is ${found.type}, expected ${expected}`);
  return found;
}
