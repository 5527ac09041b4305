// The seam under a Flower client: one unary call, bytes to bytes. Flower has moved its transport three times in two
// years; everything above this file has not. A transport knows headers and status codes, never what a message says.
import type { Credentials } from "./identity.ts";
import type { FleetRpc } from "./messages.ts";

/**
 * What went wrong, as far as a client can act on it: `unreachable` (out of reach, or failing by its own fault: try
 * again), `untrusted` (the other side's certificate), `unauthenticated` (unknown node, wrong key or wrong clock), `refused` (a rule of the server), `closed` (the run
 * is over), `invalid` (anything else).
 */
export type FleetErrorKind = "unreachable" | "untrusted" | "unauthenticated" | "refused" | "closed" | "invalid";

/** A Fleet call that failed. */
export class FleetError extends Error {
  /** What sort of failure it is. */
  readonly kind: FleetErrorKind;

  constructor(rpc: string, kind: FleetErrorKind, detail: string, options?: ErrorOptions) {
    super(`${rpc}: ${kind}, got ${detail}`, options);
    this.name = "FleetError";
    this.kind = kind;
  }
}

/** A way to call a SuperLink. */
export interface FleetTransport {
  /** Where it leads, for messages to people. */
  readonly address: string;
  /** One call. Rejects with a FleetError, or with the signal's reason when that aborts. */
  unary(
    rpc: FleetRpc,
    request: Uint8Array<ArrayBuffer>,
    credentials: Credentials,
    call: CallOptions,
  ): Promise<Uint8Array>;
  /** Ends the connection. */
  close(): void;
}

export interface CallOptions {
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** One HTTP POST; network failures reject. */
export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
) => Promise<PostResponse>;

export interface PostResponse {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Uint8Array;
}

/** Bytes of one answer: an object is 5 MiB and a head, a tree of ids less. */
export const MOST_ANSWER_BYTES = 67_108_864;

/** The platform's own fetch. A redirect is not followed: signed headers and weights go where they were meant to. */
export const fetchPost: Post = async (url, headers, body, signal) => {
  const response = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
  // browsers do not say where to
  const redirected = response.type === "opaqueredirect";
  return {
    status: redirected ? 302 : response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: await bodyOf(response),
  };
};

/** A response's body, of at most so many bytes. */
export async function bodyOf(response: Response, most: number = MOST_ANSWER_BYTES): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader();
  if (reader === undefined) return new Uint8Array(0);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    if ((length += value.length) > most) {
      await reader.cancel();
      throw tooLong(most);
    }
  }
  return joined(parts, length);
}

/** The error of an answer that does not end. */
export function tooLong(most: number = MOST_ANSWER_BYTES): RangeError {
  return new RangeError(`an answer of more than ${most} bytes`);
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A POST within its time; what fails on the network is `unreachable`, a certificate `untrusted`. */
export async function postWithin(
  post: Post,
  rpc: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
  { timeoutSeconds, signal }: CallOptions,
): Promise<PostResponse> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  const timer = setTimeout(
    () => controller.abort(new Error(`no answer in ${timeoutSeconds} s`)),
    timeoutSeconds * 1000,
  );
  signal?.addEventListener("abort", abort);
  try {
    return await post(url, headers, body, controller.signal);
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = reasonOf(controller.signal.reason ?? cause);
    throw new FleetError(rpc, aboutCertificate(reason) ? "untrusted" : "unreachable", reason, { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Whether a failure is that of a certificate, in the words of Node, Deno, Bun and gRPC. */
export function aboutCertificate(reason: string): boolean {
  return /certificate|self[- _]signed|altname|UNABLE_TO_VERIFY|CERT_/i.test(reason);
}

// fetch hides what happened ("fetch failed") one or two causes deep
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
