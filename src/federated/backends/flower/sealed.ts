// Messages and answers as the objects of Flower, where no SuperLink is between those who run rounds and their nodes.
import type { Posted, Replied } from "./relay.ts";
import { flatten, type FlowerObject } from "./objects.ts";
import { arrayObject, configObject, readContent, recordObject } from "./records.ts";
import type { Task } from "./task.ts";

/** Objects that hang together, by id. */
export type Sealed = Pick<Task, "rootId" | "objects">;

/** An object with all that is below it. */
export function sealed(root: FlowerObject): Sealed {
  return { rootId: root.id, objects: new Map(flatten(root).map(({ id, content }) => [id, content])) };
}

const carried = [Float32Array, Float64Array, Uint8Array, Uint32Array];
type Carried = Parameters<typeof arrayObject>[1];
const isCarried = (data: unknown): data is Carried => carried.some((type) => data instanceof type);

/** A message as a node pulls it. RangeError for arrays of other types than floats, bytes and words of 32 bits. */
export async function taskOf({ type, arrays, config }: Omit<Posted, "node">): Promise<Task> {
  const vectors = arrays.map(async ([name, { shape, data }]) => {
    if (!isCarried(data))
      throw new RangeError(`seal: ${name}, got ${data.constructor.name}, expected float32, float64, uint8 or uint32`);
    return [name, await arrayObject(shape, data)] as const;
  });
  const content = await recordObject("RecordDict", [
    ["arrays", await recordObject("ArrayRecord", await Promise.all(vectors))],
    ["config", await configObject(config)],
  ]);
  return { messageType: type, ...sealed(content) };
}

/** What a node answers, as a relay reads it. RangeError for what is no answer. */
export function repliedOf(id: string, { rootId, objects }: Sealed): Replied {
  const { arrays, metrics, configs } = readContent(rootId, objects);
  const first = <T>(records: ReadonlyMap<string, ReadonlyMap<string, T>>): ReadonlyMap<string, T> =>
    [...records.values()][0] ?? new Map<string, T>();
  return {
    id,
    arrays: first(arrays),
    metrics: Object.fromEntries(first(metrics)),
    config: Object.fromEntries(first(configs)),
  };
}

/** The answer of a node that cannot, or what is said in its place. */
export function sorry(id: string, error: NonNullable<Replied["error"]>): Replied {
  return { id, error, arrays: new Map(), metrics: {}, config: {} };
}
