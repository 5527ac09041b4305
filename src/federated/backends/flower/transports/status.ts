// What gRPC's status codes ask of a caller. The numbers are gRPC's own; their names live in a package that pages do not load.
import type { FleetErrorKind } from "../transport.ts";

/** By code: 16 UNAUTHENTICATED, 9 FAILED_PRECONDITION, 6 ALREADY_EXISTS, 7 PERMISSION_DENIED, 14, 4, 8 and 1 transient. */
export function kindOf(code: number): FleetErrorKind {
  if (code === 16) return "unauthenticated";
  if (code === 9 || code === 6) return "refused";
  if (code === 7) return "closed";
  return code === 14 || code === 4 || code === 8 || code === 1 ? "unreachable" : "invalid";
}
