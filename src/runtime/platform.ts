// What differs between Node (and Deno, Bun, which offer Node's modules) and a browser; the only file of the library that
// knows. Node's modules are asked for, not imported, so that neither a browser nor a bundler ever sees them.
import { WorkerError } from "./workerError.ts";

/** What a pool needs of a worker, in Node's and in the browser's manner. */
export interface Port {
  /** @param moved memory of the message that goes over rather than being copied */
  post(message: unknown, moved?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  onError(listener: (error: Error) => void): void;
  terminate(): Promise<void> | void;
}

const node = typeof process === "object" && typeof process.versions?.node === "string";

/** Cores that work may be spread over, at least 1. */
export function availableParallelism(): number {
  // Node 20 has no navigator
  if (globalThis.navigator?.hardwareConcurrency) return navigator.hardwareConcurrency;
  return node ? process.getBuiltinModule("node:os").availableParallelism() : 1;
}

/** The bytes behind an address: fetched, or read where `fetch` has no files. A RangeError when they cannot be had. */
export async function fetchBytes(address: URL | string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await fetchIfThere(address);
  if (!bytes) throw new RangeError(`fetch: ${address}, got nothing there; is the address right?`);
  return bytes;
}

/** `fetchBytes`, but undefined where there is no such file. */
export async function fetchIfThere(address: URL | string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    if (node && String(address).startsWith("file:")) {
      const { readFile } = process.getBuiltinModule("node:fs/promises");
      return Uint8Array.from(await readFile(new URL(address)));
    }
    const response = await fetch(address);
    if (response.status === 404) return undefined;
    if (!response.ok) throw new RangeError(`${response.status} ${response.statusText}`.trim());
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(`fetch: ${address}, got ${why}; is the address right, and may this page ask it?`, { cause });
  }
}

// a browser may collect a worker that only its own listeners hold, in the midst of its work or before it has begun: Firefox does
const living = new Set<Worker>();

/** Starts a module as a worker thread (Node, Deno, Bun) or a module Web Worker (browser). */
export async function startWorker(module: URL): Promise<Port> {
  if (node) {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const worker = new Worker(module);
    return {
      post: (message, moved = []) => worker.postMessage(message, [...moved]),
      onMessage: (listener) => void worker.on("message", listener),
      onError: (listener) => {
        worker.on("error", listener);
        // a thread may end without an error, and what it was to answer would be waited for in vain
        worker.on("exit", (code) =>
          listener(new WorkerError(`worker: ended with exit code ${code} before its work was done`)),
        );
      },
      terminate: async () => void (await worker.terminate()),
    };
  }
  const worker = new Worker(module, { type: "module" });
  living.add(worker);
  return {
    post: (message, moved = []) => worker.postMessage(message, [...moved]),
    onMessage: (listener) => worker.addEventListener("message", (event) => listener(event.data)),
    onError: (listener) =>
      worker.addEventListener("error", ({ message }) =>
        // where a script cannot be had or may not run, the event says nothing
        listener(new Error(message || `worker: ${module}, got nothing to run; is it there, and may this page run it?`)),
      ),
    terminate: () => {
      living.delete(worker);
      worker.terminate();
    },
  };
}

/** The port of the worker this module runs in. */
export async function workerPort(): Promise<Pick<Port, "post" | "onMessage">> {
  if (node) {
    const { parentPort } = process.getBuiltinModule("node:worker_threads");
    if (!parentPort) throw new Error("workerPort: this module is meant to run in a worker");
    return {
      post: (message, moved = []) => parentPort.postMessage(message, [...moved]),
      onMessage: (listener) => void parentPort.on("message", listener),
    };
  }
  const scope = globalThis as unknown as {
    postMessage(message: unknown, moved: ArrayBuffer[]): void;
    addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  };
  return {
    post: (message, moved = []) => scope.postMessage(message, [...moved]),
    onMessage: (listener) => scope.addEventListener("message", (event) => listener(event.data)),
  };
}
