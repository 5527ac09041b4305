// The one place where a client's answer becomes something that can be sent. Arrays are made from a SharedVector only, and
// a SharedVector only from a parameter group marked shared: a specialist or a gate cannot get here.
import type { EvaluateReply, TrainReply } from "../../client.ts";
import type { SharedVector, TensorSpec } from "../../shared.ts";
import type { FlowerObject } from "./objects.ts";
import { clipUpdate } from "./privacy.ts";
import type { LocalPrivacy } from "./privacy.ts";
import { arrayObject, metricsObject, recordObject } from "./records.ts";
import type { Content } from "./records.ts";

export interface Protection {
  readonly generalist: Float32Array;
  /** The norm that a strategy of Flower's with client-side clipping asks for in its configuration. */
  readonly serverClip?: number | undefined;
  readonly local?: LocalPrivacy | undefined;
}

/** The answer to `train`: one array record, one metric record. With local noise the metrics stay at home as well. */
export async function trainContent(
  { shared, examples, metrics }: TrainReply,
  { generalist, serverClip, local }: Protection,
): Promise<FlowerObject> {
  const own = local?.protect(shared.values, generalist) ?? shared.values;
  const clipped = serverClip === undefined ? undefined : clipUpdate(own, generalist, serverClip);
  return recordObject("RecordDict", [
    ["arrays", await arrays(shared, clipped?.values ?? own)],
    [
      "metrics",
      await metricsObject({
        "num-examples": examples,
        ...(local === undefined ? metrics : {}),
        ...(clipped === undefined ? {} : { norm_bit: clipped.clipped ? 1 : 0 }),
      }),
    ],
  ]);
}

/** The answer to `evaluate`: scalars. */
export async function evaluateContent({ examples, metrics }: EvaluateReply): Promise<FlowerObject> {
  return recordObject("RecordDict", [["metrics", await metricsObject({ "num-examples": examples, ...metrics })]]);
}

/** The answer to `query.initial`: weights to start from, of a client that was asked for them. */
export async function initialContent(shared: SharedVector): Promise<FlowerObject> {
  return recordObject("RecordDict", [["arrays", await arrays(shared, shared.values)]]);
}

async function arrays({ specs }: SharedVector, values: Float32Array): Promise<FlowerObject> {
  const entries: [string, FlowerObject][] = [];
  let at = 0;
  for (const { name, shape } of specs) {
    const length = shape.reduce((product, size) => product * size, 1);
    entries.push([name, await arrayObject(shape, values.subarray(at, at + length))]);
    at += length;
  }
  return recordObject("ArrayRecord", entries);
}

/** The generalist of a message as one flat vector in the order of `specs`; a TypeError if its tensors are not ours. */
export function generalistOf(content: Content, specs: readonly TensorSpec[]): Float32Array {
  const [record] = content.arrays.values();
  if (record === undefined) throw new TypeError("generalist: the message brings no arrays");
  const theirs = [...record].map(([name, { shape }]) => `${name}[${shape}]`);
  const ours = specs.map(({ name, shape }) => `${name}[${shape}]`);
  const foreign = theirs.filter((tensor) => !ours.includes(tensor));
  const missing = ours.filter((tensor) => !theirs.includes(tensor));
  if (foreign.length > 0 || missing.length > 0)
    throw new TypeError(`generalist: another model, got ${list(foreign)}, expected ${list(missing)}`);
  const parts = specs.map(({ name }) => record.get(name)!.data);
  const vector = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    // an average of float32 arrays may come back as float64; integers are no weights
    if (!(part instanceof Float32Array || part instanceof Float64Array))
      throw new TypeError(`generalist: element type, got ${part.constructor.name}, expected float32 or float64`);
    vector.set(part, at);
    at += part.length;
  }
  return vector;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "nothing else" : names.slice(0, 3).join(" ") + (names.length > 3 ? " ..." : "");
}
