// What status codes ask of a caller. A server's own failures count as transient: a SuperLink whose database is busy for
// five seconds answers 500 (or UNKNOWN), and a client that took that for final would lose its place over a slow disk.
import type { FleetErrorKind } from "../transport.ts";

// the numbers are gRPC's own; their names live in a package that pages do not load:
// CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE
const TRANSIENT: ReadonlySet<number> = new Set([1, 2, 4, 8, 13, 14]);

/** By gRPC code: 16 UNAUTHENTICATED, 9 FAILED_PRECONDITION, 6 ALREADY_EXISTS, 7 PERMISSION_DENIED. */
export function kindOfCode(code: number): FleetErrorKind {
  if (code === 16) return "unauthenticated";
  if (code === 9 || code === 6) return "refused";
  if (code === 7) return "closed";
  return TRANSIENT.has(code) ? "unreachable" : "invalid";
}

/** By HTTP status, as Flower's HTTP Fleet API uses them. */
export function kindOfStatus(status: number): FleetErrorKind {
  if (status === 401) return "unauthenticated";
  if (status === 403) return "closed";
  if (status === 409 || status === 412) return "refused";
  return transient(status) ? "unreachable" : "invalid";
}

/**
 * Whether an HTTP status says that the same request may succeed later; 501 never does. A SuperLink redirects nobody: who
 * does is a network that wants a sign-in first.
 */
export function transient(status: number): boolean {
  return status === 429 || (status >= 300 && status < 400) || (status >= 500 && status !== 501);
}
