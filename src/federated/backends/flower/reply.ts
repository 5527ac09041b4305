// The one place where a client's answer becomes something that can be sent to a Flower server: what passed the gate of
// outgoing.ts, protected, and nothing else. A specialist or a gate cannot get here.
import { checkFinite } from "../../../nn/finite.ts";
import type { EvaluateReply, TrainReply } from "../../client.ts";
import { type Declaration, outgoingScores, outgoingUpdate, outgoingVector } from "../../outgoing.ts";
import type { SharedVector, TensorSpec } from "../../shared.ts";
import type { FlowerObject } from "./objects.ts";
import { clipUpdate } from "./privacy.ts";
import type { LocalPrivacy } from "./privacy.ts";
import { arrayObject, metricsObject, recordObject } from "./records.ts";

export interface Protection {
  /** What the client may send. */
  readonly declared: Declaration;
  readonly generalist: Float32Array;
  /** The norm that a strategy of Flower's with client-side clipping asks for in its configuration. */
  readonly serverClip?: number | undefined;
  readonly local?: LocalPrivacy | undefined;
}

/** The answer to `train`: one array record, one metric record. With local noise the metrics stay at home as well. */
export async function trainContent(
  reply: TrainReply,
  { declared, generalist, serverClip, local }: Protection,
): Promise<FlowerObject> {
  const { values, examples, metrics } = outgoingUpdate(declared, reply);
  const own = local?.protect(values, generalist) ?? values;
  const clipped = serverClip === undefined ? undefined : clipUpdate(own, generalist, serverClip);
  const hidden = local?.hides ?? false;
  return recordObject("RecordDict", [
    ["arrays", await arrays(declared.specs, clipped?.values ?? own)],
    [
      "metrics",
      await metricsObject({
        "num-examples": examples,
        ...(hidden ? {} : metrics),
        ...(clipped === undefined ? {} : { norm_bit: clipped.clipped ? 1 : 0 }),
      }),
    ],
  ]);
}

/** The answer to `evaluate`: scalars. */
export async function evaluateContent(reply: EvaluateReply, declared: Declaration): Promise<FlowerObject> {
  const { examples, metrics } = outgoingScores(declared, reply);
  return recordObject("RecordDict", [["metrics", await metricsObject({ "num-examples": examples, ...metrics })]]);
}

/** The answer to `query.initial`: weights to start from, of a client that was asked for them. */
export async function initialContent(shared: SharedVector, declared: Declaration): Promise<FlowerObject> {
  return recordObject("RecordDict", [["arrays", await arrays(declared.specs, outgoingVector(declared, shared))]]);
}

async function arrays(specs: readonly TensorSpec[], values: Float32Array): Promise<FlowerObject> {
  const entries: [string, FlowerObject][] = [];
  let at = 0;
  for (const { name, shape } of specs) {
    const length = shape.reduce((product, size) => product * size, 1);
    const part = values.subarray(at, at + length);
    checkFinite("reply", name, part);
    entries.push([name, await arrayObject(shape, part)]);
    at += length;
  }
  return recordObject("ArrayRecord", entries);
}
