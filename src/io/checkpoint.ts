// A checkpoint: one safetensors file with flat tensors and a JSON value beside them, sealed by a SHA-256.
// A file that was cut, or changed in a single bit, is refused. What the tensors mean is the writer's business.
import { copyBytes, type NumericArray, type TensorData } from "./dtype.ts";
import { Sha256 } from "./hash.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Tensors by name, and anything else as JSON. Those that are read are flat; the file keeps the shape that was written. */
export interface Checkpoint<T = NumericArray> {
  /** Tensors by name. */
  readonly tensors: Readonly<Record<string, T>>;
  /** Whatever JSON holds. */
  readonly meta: Json;
  /** Texts that any reader of safetensors sees. */
  readonly labels?: Readonly<Record<string, string>>;
}

const version = "1";
// the seal is the first thing in the header, so its place is the same in every file
const sealPrefix = '{"__metadata__":{"sha256":"';
const sealAt = 8 + sealPrefix.length;
const sealLength = 64;
const blankSeal = "0".repeat(sealLength);

/** The bytes of a checkpoint; equal states give equal bytes. */
export function encodeCheckpoint(state: Checkpoint<NumericArray | TensorData>): Uint8Array {
  const tensors = Object.entries(state.tensors).map(
    ([name, value]) => [name, "shape" in value ? value : { shape: [value.length], data: value }] as const,
  );
  const meta = JSON.stringify(state.meta);
  const own = { sha256: blankSeal, format: "moiety-checkpoint", version, meta };
  // the seal comes first, whatever the labels are
  const bytes = encodeSafetensors(tensors, { ...own, ...state.labels, ...own });
  bytes.set(new TextEncoder().encode(seal(bytes)), sealAt);
  return bytes;
}

/**
 * The state in a checkpoint. Arrays share memory with `bytes` where the alignment allows it.
 *
 * Errors: RangeError for a torn or changed file or another version, TypeError for what is no checkpoint.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const text = new TextDecoder().decode(copyBytes(bytes, 8, sealAt + sealLength));
  if (!text.startsWith(sealPrefix)) throw new TypeError("checkpoint: no seal; is this a checkpoint?");
  if (text.slice(sealPrefix.length) !== seal(bytes)) {
    throw new RangeError("checkpoint: content does not fit its SHA-256, the file is torn; use an older checkpoint");
  }
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata["version"] !== version) {
    throw new RangeError(`checkpoint: version, got ${metadata["version"]}, expected ${version}`);
  }
  const { sha256: _, format: _format, version: _version, meta = "null", ...labels } = metadata;
  return {
    tensors: Object.fromEntries(Array.from(tensors, ([name, { data }]) => [name, data])),
    meta: readMeta(meta),
    ...(Object.keys(labels).length > 0 && { labels }),
  };
}

function readMeta(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new RangeError(`checkpoint: meta, got ${text.slice(0, 60)}, expected JSON`, { cause });
  }
}

// the hash over the whole file with the seal blanked
function seal(bytes: Uint8Array): string {
  const blank = new TextEncoder().encode(blankSeal);
  return new Sha256()
    .update(bytes.subarray(0, sealAt))
    .update(blank)
    .update(bytes.subarray(sealAt + sealLength))
    .hex();
}
