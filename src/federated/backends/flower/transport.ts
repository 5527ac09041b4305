// The seam under a Flower client: one unary call, bytes to bytes. Flower has moved its transport three times in two
// years; everything above this file has not. A transport knows headers and status codes, never what a message says.
import type { Credentials } from "./identity.ts";
import type { FleetRpc } from "./messages.ts";

/**
 * What went wrong, as far as a client can act on it: `unreachable` (out of reach, or failing by its own fault: try
 * again), `unauthenticated` (unknown node, wrong key or wrong clock), `refused` (a rule of the server), `closed` (the run
 * is over), `invalid` (anything else).
 */
export type FleetErrorKind = "unreachable" | "unauthenticated" | "refused" | "closed" | "invalid";

/** A Fleet call that failed. */
export class FleetError extends Error {
  readonly kind: FleetErrorKind;

  constructor(rpc: string, kind: FleetErrorKind, detail: string, options?: ErrorOptions) {
    super(`${rpc}: ${kind}, got ${detail}`, options);
    this.name = "FleetError";
    this.kind = kind;
  }
}

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

/** The platform's own fetch. */
export const fetchPost: Post = async (url, headers, body, signal) => {
  const response = await fetch(url, { method: "POST", headers, body, signal });
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    body: new Uint8Array(await response.arrayBuffer()),
  };
};

/** A POST within its time; what fails on the network is `unreachable`. */
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
    throw new FleetError(rpc, "unreachable", reasonOf(controller.signal.reason ?? cause), { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

// fetch hides what happened ("fetch failed") one or two causes deep
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
}
