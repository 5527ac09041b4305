// The one place where a client's answer becomes something that can be sent. Arrays are made from a SharedVector only, and
// a SharedVector only from a parameter group marked shared: a specialist or a gate cannot get here.
import type { EvaluateReply, TrainReply } from "../../client.ts";
import type { SharedVector } from "../../shared.ts";
import type { FlowerObject } from "./objects.ts";
import { clipUpdate } from "./privacy.ts";
import type { LocalPrivacy } from "./privacy.ts";
import { arrayObject, metricsObject, recordObject } from "./records.ts";

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
