// What is about to leave a client, read off the sealed message itself: every byte that can be pushed is accounted for,
// whatever made it.
import { flatten, openObject } from "./objects.ts";
import type { FlowerObject } from "./objects.ts";
import type { PrivacySpent } from "../../privacy/local.ts";
import { ConfigRecord, ConfigValue, MetricRecord, MetricValue } from "./values.ts";

/** A tensor in a message. */
export interface SentTensor {
  /** Its name. */
  readonly name: string;
  /** Sizes of its axes. */
  readonly shape: readonly number[];
  /** SHA-256 of the object that holds it. */
  readonly objectId: string;
}

/** A named value in a message, and its size in bytes as it is written. */
export interface SentScalar {
  /** Its name. */
  readonly name: string;
  /** How many bytes leave for it. */
  readonly bytes: number;
}

/** A reply before its first byte leaves. Whether it arrives is told later, or never. */
export interface Leaving {
  /** What the server asked for. */
  readonly messageType: string;
  /** The server's round; 0 where the instruction did not say, or could not be read. */
  readonly round: number;
  /** Id of the reply, which is the SHA-256 of its root object. */
  readonly replyId: string;
  /** Of all its objects. */
  readonly bytes: number;
  /** Tensors that leave. */
  readonly tensors: readonly SentTensor[];
  /** Numbers that leave. */
  readonly scalars: readonly SentScalar[];
  /** The text of an error reply. */
  readonly error?: string | undefined;
  /** The privacy account with this reply in it. */
  readonly spent?: PrivacySpent | undefined;
}

type Held = Pick<Leaving, "replyId" | "bytes" | "tensors" | "scalars">;

/** What a message holds. */
export function heldBy(root: FlowerObject): Held {
  const objects = flatten(root);
  const byId = new Map(objects.map((object) => [object.id, object]));
  const tensors: SentTensor[] = [];
  const scalars: SentScalar[] = [];
  for (const object of objects) {
    const body = (): Uint8Array => openObject(object.id, object.content).body;
    if (object.type === "ArrayRecord")
      for (const [name, id] of Object.entries(json(body()) as Record<string, string>)) {
        const array = byId.get(id)!;
        const { shape } = json(openObject(id, array.content).body) as { shape: number[] };
        tensors.push({ name, shape, objectId: id });
      }
    else if (object.type === "MetricRecord")
      for (const { key, value } of MetricRecord.decode(body()).items)
        scalars.push({ name: key, bytes: MetricValue.encode(value ?? {}).length });
    else if (object.type === "ConfigRecord")
      for (const { key, value } of ConfigRecord.decode(body()).items)
        scalars.push({ name: key, bytes: ConfigValue.encode(value ?? {}).length });
  }
  const bytes = objects.reduce((total, { content }) => total + content.length, 0);
  return { replyId: root.id, bytes, tensors, scalars };
}

function json(body: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(body));
}
