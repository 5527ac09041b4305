// A run's second phase: what every evaluated client makes of the federations for itself, and how well that does.
import { withoutAccount } from "../federated/privacy/hiding.ts";
import { jsonLine } from "../io/index.ts";
import type { Pool } from "../runtime/pool.ts";
import type { Over } from "./begun.ts";
import { ClientFiles } from "./clientFile.ts";
import type { ExperimentCalls } from "./clients.ts";
import type { Followed } from "./following.ts";
import type { Measured } from "./measured.ts";
import { answering, AT_ONCE, generalistOf, standing } from "./moments.ts";
import type { Held } from "./personalize.ts";
import { METRICS } from "./progress.ts";
import { clientMetrics } from "./records.ts";
import type { RunOptions } from "./runOptions.ts";
import type { Setup } from "./setup.ts";

/** Every evaluated client's private part; undefined where that was interrupted. */
export async function runClients(
  { config, store, signal, onEvent, onNote, resume = false }: RunOptions,
  setup: Setup,
  pool: Pool<ExperimentCalls>,
  federations: readonly Over[],
  followed: Followed,
  wanted: readonly number[],
): Promise<Measured[] | undefined> {
  const files = new ClientFiles(store, setup);
  const found = new Map<number, Measured>();
  for (const client of wanted) {
    const kept = resume ? await files.load(client, onNote) : undefined;
    if (kept) found.set(client, kept);
  }
  if (wanted.length > 0) onEvent?.({ kind: "phase", phase: "clients", done: found.size, total: wanted.length });
  const open = wanted.filter((client) => !found.has(client));
  const heldBy = async (client: number): Promise<Held> => {
    const held: Record<string, Held[string]> = {};
    for (const one of federations) {
      const { federation, server, states, state } = one;
      // where the last round was the best there is one moment
      const isOver = state.bestRound === state.round - 1;
      held[federation.name] = {
        down: answering(setup, server, state, client),
        kept: withoutAccount(await states.get(client, state.best.marks)),
        round: state.round,
        ...followed[federation.name],
        cluster: server.cluster?.(state.best.server, client),
        ...(config.methods && !isOver && { last: await standing(setup, one, state, client) }),
      };
    }
    return held;
  };
  const generalist = generalistOf(setup, federations);
  // what is written is written in turn: two appends at once could mix their lines
  let writing: Promise<void> = Promise.resolve();
  let unwritten: (error: unknown) => void = () => {};
  // what cannot be written need not be trained
  const broken = new Promise<never>((_, reject) => {
    unwritten = reject;
  });
  const tell = (result: Measured): void => {
    found.set(result.client, result);
    onEvent?.({ kind: "personalized", client: result.client, done: found.size, total: wanted.length, result });
    writing = writing.then(async () => {
      const lines = clientMetrics(result, setup.clients[result.client]!);
      await store.append(METRICS, lines.map(jsonLine).join(""));
      await files.save(generalist, result);
    });
    writing.catch(unwritten);
  };
  const over = new AbortController();
  const callsFrom = async (at: number): Promise<{ client: number; held: Held }[]> => {
    const calls: { client: number; held: Held }[] = [];
    for (const client of open.slice(at, at + AT_ONCE)) calls.push({ client, held: await heldBy(client) });
    return calls;
  };
  let calls = await callsFrom(0);
  const work = (async () => {
    for (let at = AT_ONCE; calls.length > 0 && !over.signal.aborted; at += AT_ONCE) {
      await pool.map("personalize", calls, tell);
      calls = await callsFrom(at);
    }
  })();
  // a sweep's signal outlives its runs
  const interrupted = new Promise<"interrupted">((resolve) => {
    if (signal?.aborted) resolve("interrupted");
    signal?.addEventListener("abort", () => resolve("interrupted"), { once: true, signal: over.signal });
  });
  // a client's training cannot be halved; what is not finished is done again on resume
  work.catch(() => {});
  const first = await Promise.race([work, interrupted, broken]).finally(() => over.abort());
  await writing;
  return first === "interrupted" ? undefined : wanted.map((client) => found.get(client)!);
}
