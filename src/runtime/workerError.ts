// A worker that ended before its work did.

/** A worker is gone, and what it was to answer with it. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}
