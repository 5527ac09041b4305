// What may go wrong without being a bug of ours: bad input, damaged files, a full disk, a loss that is NaN. It is told in
// one line; everything else keeps its stack trace.

import { reasons } from "./durable.ts";

/** How a command ends on an error: the line to show and the exit code. */
export interface Refusal {
  readonly message: string;
  /** 2 for what was asked wrong, 1 for data that are damaged or do not suffice, and for runs that failed. */
  readonly code: 1 | 2;
}

// errors of workers arrive as names, not as classes
const expected: ReadonlySet<string> = new Set(["RangeError", "DivergenceError", "WorkerError", "StoreError"]);

/** The one line that an error deserves; undefined for a bug. */
export function refusal(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name } = error;
  const message = error.message.replaceAll(/\s*\n\s*/g, " ");
  if (name === "ConfigError") return { message, code: 2 };
  if (expected.has(name)) return { message, code: 1 };
  // readers refuse a file of another kind with a TypeError that begins with its name, which the engine's own never do
  if (name === "TypeError" || name === "SyntaxError") return /^\S+: /.test(message) ? { message, code: 1 } : undefined;
  return "code" in error ? { message: inWords(error, message), code: 1 } : undefined;
}

// what the system says is for programs: ENOENT: no such file or directory, open 'x'
function inWords(error: Error, message: string): string {
  const { code, path, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (typeof code !== "string" || !message.includes(code)) return message;
  if (code === "EADDRINUSE") return `port ${port} is taken; name another`;
  if (code === "ECONNREFUSED")
    return `nobody answers at ${address ?? "the address"}${port ? `:${port}` : ""}; is it the right one, and running?`;
  const reason = code === "ENOENT" ? "there is no such file or folder" : reasons[code];
  if (!reason || path === undefined) return message;
  return `cannot ${syscall === "open" ? "read" : (syscall ?? "use")} ${path}, ${reason}`;
}

/** What is shown of any error: its line, or the stack of a bug. */
export function shown(error: unknown): string {
  return refusal(error)?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}
