// A published generalist: one signed manifest and a safetensors file on any static host. How clients that opted out, come
// late or lost their place get the model: they only read, and check every byte before they use it.
import { checkFinite } from "../../../nn/finite.ts";
import { decodeSafetensors } from "../../../io/safetensors.ts";
import type { TensorData } from "../../../io/dtype.ts";
import { fromBase64 } from "./identity.ts";
import { objectId } from "./objects.ts";
import { bodyOf } from "./transport.ts";

const FORMAT = "moiety-generalist/1";
const MOST_MANIFEST_BYTES = 4_194_304;

/** What a server says of the generalist that it publishes. */
export interface Manifest {
  /** Always "moiety-generalist". */
  readonly format: string;
  /** Of the manifest's form. */
  readonly version: number;
  /** The rounds behind the weights. */
  readonly round: number;
  /** When it was written, ISO 8601. */
  readonly created: string;
  /** The file of its weights: name, bytes, SHA-256. */
  readonly weights: { readonly file: string; readonly bytes: number; readonly sha256: string };
  /** Its tensors, by name. */
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly dtype: string }[];
}

/** A published generalist that has been fetched and checked. */
export interface Generalist {
  /** What the server said of it. */
  readonly manifest: Manifest;
  /** Its tensors, by name. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** The safetensors file as it was fetched. */
  readonly bytes: Uint8Array;
}

/** How a generalist is fetched. */
export interface PullOptions {
  /** The publisher's Ed25519 key, raw in base64: what the server prints and writes to publisher.pub. */
  readonly key: string;
  /** Refuse anything older than this round, so that nobody can serve yesterday's model as today's. */
  readonly since?: number;
  /** Aborting it ends the work with its reason. */
  readonly signal?: AbortSignal;
  /** GETs the bytes of a URL, at most so many; `fetch` by default, which follows no redirect. */
  readonly get?: (url: string, signal: AbortSignal | undefined, most: number) => Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Fetches and verifies a generalist. `url` is the published folder or its generalist.json. Checked are the signature, the
 * format, the round, the size, the SHA-256, and that the tensors are those that the manifest names; the first check that
 * fails is a RangeError.
 */
export async function pullGeneralist(
  url: string,
  { key, since = 0, signal, get = fetchBytes }: PullOptions,
): Promise<Generalist> {
  const manifestUrl = url.endsWith(".json") ? url : `${url.replace(/\/?$/, "/")}generalist.json`;
  const manifest = await verifyManifest(await get(manifestUrl, signal, MOST_MANIFEST_BYTES), key);
  if (!(manifest.round >= since))
    throw new RangeError(`pull: round ${manifest.round}, expected ${since} or later; an old model is served`);
  const { file, bytes: size, sha256 } = manifest.weights;
  const bytes = await get(new URL(file, manifestUrl).href, signal, size);
  if (bytes.length !== size) throw new RangeError(`pull: ${file} has ${bytes.length} bytes, expected ${size}`);
  const found = await objectId(bytes);
  if (found !== sha256)
    throw new RangeError(`pull: ${file} has SHA-256 ${found.slice(0, 12)}, expected ${sha256.slice(0, 12)}`);
  const { tensors } = decodeSafetensors(bytes);
  const named = manifest.tensors.map(({ name, shape }) => `${name}[${shape}]`).toSorted();
  const held = [...tensors].map(([name, { shape }]) => `${name}[${shape}]`).toSorted();
  if (named.join() !== held.join()) throw new RangeError(`pull: ${file} holds other tensors than its manifest names`);
  for (const [name, { data }] of tensors)
    if (data instanceof Float32Array || data instanceof Float64Array) checkFinite("pull", name, data);
  return { manifest, tensors, bytes };
}

/** The manifest in a generalist.json, if the key signed it. */
export async function verifyManifest(file: Uint8Array, key: string): Promise<Manifest> {
  const { manifest, signature } = parse(file);
  const raw = fromBase64("pull: the publisher's key", key.trim());
  if (raw.length !== 32) throw new RangeError(`pull: key of ${raw.length} bytes, expected the 32 of publisher.pub`);
  const publicKey = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  const text = new TextEncoder().encode(manifest);
  if (!(await crypto.subtle.verify("Ed25519", publicKey, fromBase64("pull: the signature", signature), text)))
    throw new RangeError("pull: the manifest is not signed by this key; ask the publisher for publisher.pub");
  return manifestOf(manifest);
}

// signed it may be, and wrong all the same
function manifestOf(text: string): Manifest {
  let parsed: Partial<Manifest> | null;
  try {
    parsed = JSON.parse(text) as Partial<Manifest> | null;
  } catch (cause) {
    throw new RangeError("pull: the manifest is signed, but not JSON; ask the publisher", { cause });
  }
  const { format, round, weights, tensors } = parsed ?? {};
  const expect = (holds: boolean, field: string, got: unknown, expected: string): void => {
    if (!holds)
      throw new RangeError(
        `pull: ${field}, got ${typeof got === "string" ? got : JSON.stringify(got)}, expected ${expected}`,
      );
  };
  expect(format === FORMAT, "format", format, FORMAT);
  expect(isSize(round), "round", round, "a whole number from 0");
  const file = weights?.file;
  expect(typeof file === "string" && /^[\w.-]+$/.test(file), "weights file", file, "a plain name");
  expect(isSize(weights?.bytes), "bytes of the weights", weights?.bytes, "a whole number from 0");
  expect(typeof weights?.sha256 === "string", "sha256 of the weights", weights?.sha256, "a text");
  const named = (tensor: Partial<Manifest["tensors"][number]> | null): boolean =>
    typeof tensor?.name === "string" && Array.isArray(tensor.shape) && tensor.shape.every(isSize);
  expect(Array.isArray(tensors) && tensors.every(named), "tensors", tensors, "names and shapes");
  return parsed as Manifest;
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parse(file: Uint8Array): { manifest: string; signature: string } {
  try {
    const { manifest, signature } = JSON.parse(new TextDecoder().decode(file)) as Record<string, unknown>;
    if (typeof manifest === "string" && typeof signature === "string") return { manifest, signature };
  } catch {
    // said below
  }
  throw new RangeError("pull: not a generalist.json; expected a manifest and its signature");
}

async function fetchBytes(
  url: string,
  signal: AbortSignal | undefined,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, {
    cache: "no-cache",
    redirect: "manual",
    ...(signal === undefined ? {} : { signal }),
  });
  const { status, type } = response;
  if (type === "opaqueredirect" || (status >= 300 && status < 400))
    throw new RangeError(`pull: ${url} sends elsewhere, which is not followed; name the address it leads to`);
  if (!response.ok) throw new RangeError(`pull: ${url} answered ${status}`);
  return bodyOf(response, most);
}

/** What is signed by a publisher written in TypeScript: the same file that the server side of `flower/` writes. */
export async function signManifest(manifest: Manifest, key: CryptoKey): Promise<string> {
  const text = JSON.stringify(manifest);
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(text)));
  return JSON.stringify({ manifest: text, signature: btoa(String.fromCharCode(...signature)) }, undefined, 1);
}
