// The one place where a client's answer becomes something that can be sent to a Flower server: what passed the gate of
// outgoing.ts, protected, and nothing else. What a client keeps cannot get here.
import { checkFinite } from "../../../nn/finite.ts";
import type { Reply, Vector, Vectors } from "../../method.ts";
import { outgoing, outgoingScalars } from "../../outgoing.ts";
import type { TensorSpec } from "../../../nn/parameters.ts";
import type { FlowerObject } from "./objects.ts";
import type { Participant, Scores } from "./participant.ts";
import { clipUpdate } from "../../privacy/clip.ts";
import type { LocalPrivacy } from "../../privacy/local.ts";
import { protectedVectors } from "../../privacy/protected.ts";
import { arrayObject, configObject, metricsObject, recordObject } from "./records.ts";
import { sizeOfAll } from "./vector.ts";

export interface Protection {
  /** Whose answer it is, and so what may be in it. */
  readonly part: Participant;
  readonly down: Vectors;
  readonly round?: number;
  /** The norm that a strategy of Flower's with client-side clipping asks for in its configuration. */
  readonly serverClip?: number | undefined;
  readonly local?: LocalPrivacy | undefined;
}

// who does not say how many examples its answer stands for has no rows that could tell
const UNSAID = NaN;

/**
 * The answer to a `train` of Flower's own strategies: the model as tensors by name, and scalars. With local noise the scalars
 * stay at home.
 */
export async function namedContent(reply: Reply, { part, down, serverClip, local }: Protection): Promise<FlowerObject> {
  const { up, examples, metrics } = outgoing(part.method, part.client, reply, UNSAID);
  const [generalist, values] = [single(down["model"]!), single(up["model"]!)];
  const size = sizeOfAll(part.tensors);
  if (values.length !== size)
    throw new RangeError(
      `client ${part.client}: model of ${values.length} values, expected ${size} as its tensors have; not sent`,
    );
  const own = local?.protect(values, generalist) ?? values;
  const clipped = serverClip === undefined ? undefined : clipUpdate(own, generalist, serverClip);
  return recordObject("RecordDict", [
    ["arrays", await arrays(tensorsOf(part.tensors, clipped?.values ?? own))],
    [
      "metrics",
      await metricsObject({
        "num-examples": examples,
        ...(local?.hides ? {} : metrics),
        ...(clipped === undefined ? {} : { norm_bit: clipped.clipped ? 1 : 0 }),
      }),
    ],
  ]);
}

/** The answer to a `train` of a method: its vectors by name, scalars, and whether the client has something to keep. */
export async function vectorsContent(
  reply: Reply,
  { part, down, round = 0, local }: Protection,
): Promise<FlowerObject> {
  const { up, examples, metrics } = outgoing(part.method, part.client, reply, UNSAID);
  const own = local ? protectedVectors(local, part.method, up, { down, round }) : up;
  return recordObject("RecordDict", [
    ["arrays", await arrays(Object.entries(own).map(([name, data]) => [name, { shape: [data.length], data }]))],
    ["metrics", await metricsObject({ "num-examples": examples, ...(local?.hides ? {} : metrics) })],
    ["config", await configObject({ kept: reply.kept !== undefined })],
  ]);
}

/** The answer to `evaluate`: scalars. */
export async function scoresContent(scores: Scores, { client, method }: Participant): Promise<FlowerObject> {
  const { examples, metrics } = outgoingScalars(method.name, client, scores);
  return recordObject("RecordDict", [["metrics", await metricsObject({ "num-examples": examples, ...metrics })]]);
}

/** The answer to `query.initial`: weights to start from, of a client that was asked for them. */
export async function initialContent({ tensors, initial }: Participant): Promise<FlowerObject> {
  const { model } = initial();
  if (!model) throw new TypeError("query.initial: this client has no weights to start from");
  return recordObject("RecordDict", [["arrays", await arrays(tensorsOf(tensors, single(model)))]]);
}

/** The answer to `query.who`: which client this is. */
export async function whoContent({ client }: Participant): Promise<FlowerObject> {
  return recordObject("RecordDict", [["metrics", await metricsObject({ "num-examples": 0, client })]]);
}

type Named = readonly (readonly [name: string, array: { readonly shape: readonly number[]; readonly data: Vector }])[];

function tensorsOf(specs: readonly TensorSpec[], values: Float32Array): Named {
  let at = 0;
  return specs.map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    return [name, { shape, data: values.subarray(at, (at += length)) }];
  });
}

async function arrays(named: Named): Promise<FlowerObject> {
  const entries: [string, FlowerObject][] = [];
  for (const [name, { shape, data }] of named) {
    checkFinite("reply", name, data);
    entries.push([name, await arrayObject(shape, data)]);
  }
  return recordObject("ArrayRecord", entries);
}

function single(values: Vector): Float32Array {
  if (values instanceof Float32Array) return values;
  throw new TypeError("reply: model, got double precision, expected single: Flower's strategies average such");
}
