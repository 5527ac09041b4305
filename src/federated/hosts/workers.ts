// Workers for a federation of one's own: a module says how to make a thread's part of it, and any number of threads do its clients' work.
import { startWorker, workerPort } from "../../runtime/platform.ts";
import { type Pool, serve, Threads } from "../../runtime/pool.ts";
import type { Bench } from "./bench.ts";
import { type ClientCalls, clientCalls } from "./pool.ts";

/**
 * Starts so many workers (threads in Node, Deno and Bun, Web Workers in a page), for a PoolHost. Whoever starts them closes the pool.
 * @param module the address of a module that calls `serveClients`: `new URL("./clients.js", import.meta.url)`
 * @param setup what each of them is made from; it is copied, but for shared memory
 */
export async function startClients(module: URL, setup: unknown, size: number): Promise<Pool<ClientCalls>> {
  const ports = await Promise.all(Array.from({ length: size }, () => startWorker(module)));
  return new Threads<ClientCalls>(ports, setup);
}

/** Called once in a worker's module: `make` gives the thread's bench from the setup. */
export function serveClients<S>(make: (setup: S) => Bench | Promise<Bench>): void {
  const calls = async (setup: never): Promise<ClientCalls> => clientCalls(await make(setup));
  void workerPort().then((port) => serve(port, calls));
}
