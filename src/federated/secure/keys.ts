// What pairwise masks are made of: key agreement, key derivation, a cipher's stream and sealed messages, all of them the platform's own
// (Web Cryptography), and Shamir's shares of an audited package. Nothing here is new cryptography.
import { type Elements, zeros } from "./ring.ts";

/** Bytes of a public key: a point of P-256 as it is. */
export const PUBLIC_BYTES = 65;
/** Bytes of a private key, and of a seed. */
export const SECRET_BYTES = 32;
/** Bytes of a share of one: its place comes behind it. */
export const SHARE_BYTES: number = SECRET_BYTES + 1;

/** Bytes as the platform's functions take them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const CURVE = { name: "ECDH", namedCurve: "P-256" } as const;

/** A key pair for one round: whoever has both halves of it can say what it masked. */
export interface Pair {
  readonly publicKey: Bytes;
  readonly privateKey: CryptoKey;
}

/** A new pair, of the platform's cryptographic source. */
export async function makePair(): Promise<Pair> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  return { publicKey: new Uint8Array(await crypto.subtle.exportKey("raw", publicKey)), privateKey };
}

/** The secret half of a pair, to be shared out. */
export async function secretOf({ privateKey }: Pair): Promise<Bytes> {
  const { d } = await crypto.subtle.exportKey("jwk", privateKey);
  return fromUrl(d!);
}

/** The pair that a secret and its public half make; an error where they do not belong together. */
export async function pairOf(secret: Bytes, publicKey: Bytes): Promise<Pair> {
  const [x, y] = [toUrl(publicKey.subarray(1, 33)), toUrl(publicKey.subarray(33))];
  const key = { kty: "EC", crv: "P-256", d: toUrl(secret), x, y };
  return { publicKey, privateKey: await crypto.subtle.importKey("jwk", key, CURVE, true, ["deriveBits"]) };
}

/** A key of 32 bytes that both owners of two pairs come to, for one purpose. */
export async function agreed({ privateKey }: Pair, other: Bytes, purpose: string): Promise<Bytes> {
  const theirs = await crypto.subtle.importKey("raw", other, CURVE, true, []);
  const bits = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, privateKey, 256);
  const material = await crypto.subtle.importKey("raw", bits, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode(purpose);
  const derived = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info };
  return new Uint8Array(await crypto.subtle.deriveBits(derived, material, 256));
}

/** So many ring elements of a key's stream (AES-256 in counter mode): the same for whoever has the key, noise to all others. */
export async function streamOf(key: Bytes, count: number): Promise<Elements> {
  const cipher = await crypto.subtle.importKey("raw", key, "AES-CTR", false, ["encrypt"]);
  const counter = new Uint8Array(16);
  return new Uint32Array(await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 64 }, cipher, zeros(count)));
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Bytes that a message of so many has when it is sealed. */
export const sealedBytes = (bytes: number): number => IV_BYTES + bytes + TAG_BYTES;

/** A message that only an owner of the key can read or have written (AES-256-GCM). */
export async function seal(key: Bytes, message: Bytes): Promise<Bytes> {
  const cipher = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  const iv = random(IV_BYTES);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, cipher, message));
  const whole = new Uint8Array(IV_BYTES + sealed.length);
  whole.set(iv);
  whole.set(sealed, IV_BYTES);
  return whole;
}

/** What was sealed; rejects where it was written with another key, or changed on its way. */
export async function unseal(key: Bytes, sealed: Bytes): Promise<Bytes> {
  const cipher = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const [iv, body] = [sealed.subarray(0, IV_BYTES), sealed.subarray(IV_BYTES)];
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, cipher, body));
}

/** So many bytes of the platform's cryptographic source. */
export function random(bytes: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(bytes));
}

/** Shares of a secret: any `threshold` of them make it, fewer tell nothing. */
export async function sharesOf(secret: Bytes, count: number, threshold: number): Promise<Bytes[]> {
  const { split } = await import("shamir-secret-sharing");
  return (await split(secret, count, threshold)).map((share) => new Uint8Array(share));
}

/** The secret that shares make, threshold of them or more. */
export async function secretFrom(shares: readonly Bytes[]): Promise<Bytes> {
  const { combine } = await import("shamir-secret-sharing");
  return new Uint8Array(await combine([...shares]));
}

function toUrl(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

function fromUrl(text: string): Bytes {
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(bytes, (letter) => letter.charCodeAt(0));
}
