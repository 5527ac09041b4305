// Who a client is to a SuperLink: an EC P-384 key whose public half names the node, and a signed time of day that
// proves it. Built on WebCrypto, so one file serves Node, Deno, Bun and the browser; it refuses to know of files.

/** What every Fleet call carries. The signature covers the timestamp alone: without TLS it can be replayed for 5 minutes. */
export interface Credentials {
  /** The public key as PEM bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  /** ECDSA with SHA-256 over the timestamp, DER-encoded. */
  readonly signature: Uint8Array<ArrayBuffer>;
}

/** A node's identity. The private key never leaves it. */
export interface Identity {
  /** The public key, as the SuperLink knows it. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** Signs the present time for a call. */
  credentials(now?: Date): Promise<Credentials>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-384" } as const;

/** A fresh key pair. `extractable: false` keeps the private key inside the browser (store the pair in IndexedDB). */
export function createKeyPair(extractable = true): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, extractable, ["sign", "verify"]);
}

/** The identity of a key pair. */
export async function identityOf(keys: CryptoKeyPair): Promise<Identity> {
  const spki = await crypto.subtle.exportKey("spki", keys.publicKey);
  const publicKey = new TextEncoder().encode(pem("PUBLIC KEY", new Uint8Array(spki)));
  return {
    publicKey,
    credentials: async (now = new Date()) => {
      // Python's isoformat: the zone as an offset, not as the letter Z
      const timestamp = now.toISOString().replace("Z", "+00:00");
      const message = new TextEncoder().encode(timestamp);
      const raw = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.privateKey, message);
      return { publicKey, timestamp, signature: derSignature(new Uint8Array(raw)) };
    },
  };
}

/** The public key as a line of OpenSSH, which is what `flwr supernode register` reads. */
export async function publicKeyLine({ publicKey }: CryptoKeyPair): Promise<string> {
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  // RFC 5656, section 3.1: three strings with their lengths
  const parts = [new TextEncoder().encode("ecdsa-sha2-nistp384"), new TextEncoder().encode("nistp384"), point];
  const blob = parts.flatMap((part) => [0, 0, 0, part.length, ...part]);
  return `ecdsa-sha2-nistp384 ${toBase64(Uint8Array.from(blob))} moiety\n`;
}

/** The private key as PKCS #8 PEM, as `openssl genpkey` writes it. */
export async function privateKeyPem(keys: CryptoKeyPair): Promise<string> {
  return pem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey)));
}

/** Reads a PKCS #8 PEM private key of curve P-384 and derives its public half. */
export async function keyPairOf(privatePem: string): Promise<CryptoKeyPair> {
  const body = /-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----/.exec(privatePem)?.[1];
  if (body === undefined)
    throw new RangeError(
      "keyPairOf: not a PKCS #8 PEM private key; make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384`",
    );
  const pkcs8 = fromBase64("keyPairOf: the key", body.replace(/\s/g, ""));
  const privateKey = await crypto.subtle
    .importKey("pkcs8", pkcs8, ALGORITHM, true, ["sign"])
    .catch((cause: unknown) => {
      throw new RangeError("keyPairOf: the key is not an EC key of curve P-384", { cause });
    });
  const { d: _, key_ops: __, ...jwk } = await crypto.subtle.exportKey("jwk", privateKey);
  const publicKey = await crypto.subtle.importKey("jwk", jwk, ALGORITHM, true, ["verify"]);
  return { privateKey, publicKey };
}

/** Base64 of some bytes. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** The bytes of some base64; `what` it is, for the RangeError of what is none. */
export function fromBase64(what: string, text: string): Uint8Array<ArrayBuffer> {
  let bytes: string;
  try {
    bytes = atob(text);
  } catch (cause) {
    throw new RangeError(`${what}, got ${text.length} characters that are not base64; is it whole?`, { cause });
  }
  return Uint8Array.from(bytes, (c) => c.charCodeAt(0));
}

function pem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** WebCrypto signs as r || s; Flower reads the DER sequence of two integers. */
export function derSignature(raw: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = raw.length / 2;
  const integers = [raw.subarray(0, half), raw.subarray(half)].map((part) => {
    // minimal and positive: no leading zeros, but one where the top bit is set
    let start = 0;
    while (start < part.length - 1 && part[start] === 0) start++;
    const digits = [...part.subarray(start)];
    if (digits[0]! >= 0x80) digits.unshift(0);
    return [0x02, digits.length, ...digits];
  });
  const body = integers.flat();
  // P-521 would need a long length; P-256 and P-384 stay below 128
  return Uint8Array.of(0x30, body.length, ...body);
}
