// The runner: federation, then every evaluated client's private part, then the records. It can be stopped at any instant
// and goes on from its store as if it had not been.
import type { Dataset } from "../data/index.ts";
import { Audited } from "../federated/backends/audited.ts";
import type { Backend } from "../federated/backends/backend.ts";
import { Workers } from "../federated/backends/workers.ts";
import { beginning, federate, type FederationState } from "../federated/loop.ts";
import { jsonLine, Sha256 } from "../io/index.ts";
import type { Personalized } from "../moe/compare.ts";
import type { Pool } from "../runtime/pool.ts";
import { fold } from "../runtime/random.ts";
import type { RoundMetric, RunRecords } from "../report/records.ts";
import { ClientFiles } from "./clientFile.ts";
import { originOf } from "./origin.ts";
import { type ExperimentCalls, initialGeneralist } from "./clients.ts";
import { behaviour, type Config } from "./config.ts";
import { naming } from "./diverged.ts";
import { type RecordsOptions, weightsHash, writeRecords } from "./files.ts";
import { networks } from "./networks.ts";
import { loadNetworks } from "./ownNetworks.ts";
import { clearProgress, keptRounds, loadFederation, METRICS, saveFederation } from "./progress.ts";
import { clientMetrics, summarize } from "./records.ts";
import { evaluatedClients, optedIn, rootKey, type Setup, setUp } from "./setup.ts";
import type { RunStore } from "./store.ts";

export interface RunOptions extends RecordsOptions {
  readonly config: Config;
  readonly dataset: Dataset;
  /** Makes the pool the clients run on, once the setup is known. */
  readonly pool: (setup: Setup) => Promise<Pool<ExperimentCalls>>;
  /** Go on from what the store holds; otherwise begin anew. */
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** Hears what a user should know of: a torn file whose client is done again. */
  readonly onNote?: (note: string) => void;
  /** For summary.json: how to repeat the run, and where it ran. */
  readonly command?: string;
  readonly runtime?: string;
  /** Also write audit.jsonl: every tensor and scalar that left a client, as it left. A resumed run goes on with its log. */
  readonly audit?: boolean;
}

/** What happens, as it happens. */
export type RunEvent =
  | { readonly kind: "phase"; readonly phase: "federation" | "clients"; readonly done: number; readonly total: number }
  | RoundMetric
  | {
      readonly kind: "personalized";
      readonly client: number;
      readonly done: number;
      readonly total: number;
      readonly result: Personalized;
    };

/** A finished run's records, or where an interrupted one stands. */
export type RunResult =
  { readonly finished: true; readonly records: RunRecords } | { readonly finished: false; readonly at: string };

const AUDIT = "audit.jsonl";

/** Runs an experiment to its end, or to the abort of `signal`. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { config, dataset, store, resume = false, onEvent } = options;
  await loadNetworks(config);
  const setup = setUp(config, dataset);
  const wanted = evaluatedClients(config);
  const origin = originOf(setup);
  const before = resume ? await loadFederation(store, origin) : undefined;
  if (!before) await clearProgress(store, wanted);
  // what left a client in a run that was killed has left it: only a new run begins a new log, and a log once begun goes on
  const logged = resume && (await store.read(AUDIT)) !== undefined;
  if (!resume) await store.remove(AUDIT);
  if (options.audit && !logged) await store.write(AUDIT, "");
  const audit = options.audit || logged;
  await store.write("config.json", `${JSON.stringify(config, null, 2)}\n`);
  const rounds = await keptRounds(store, before?.state);
  const started = performance.now();
  const elapsed = (): number => (before?.seconds ?? 0) + (performance.now() - started) / 1000;

  const pool = await options.pool(setup);
  try {
    onEvent?.({ kind: "phase", phase: "federation", done: before?.state.round ?? 0, total: config.federation.rounds });
    const state = await runFederation({ ...options, audit }, setup, pool, before?.state, rounds, (at) =>
      saveFederation(store, { state: at, seconds: elapsed() }, origin),
    ).catch((error: unknown) => {
      throw naming(error, "", { "federation.lr": config.federation.lr });
    });
    if (!state.done) return { finished: false, at: `round ${state.round} of at most ${config.federation.rounds}` };
    const federated = elapsed();

    const done = await runClients(options, setup, pool, state.best, wanted);
    if (!done) return { finished: false, at: "the clients' private training" };
    const wallSeconds = elapsed();

    const summary = summarize({
      setup,
      done,
      rounds: state.round,
      bestRound: state.bestRound,
      wallSeconds,
      phases: { federation: federated, clients: wallSeconds - federated },
      weightsSha256: weightsHash(state.best, done),
      kernels: origin.kernels,
      command: options.command ?? "",
      runtime: options.runtime ?? "",
    });
    return { finished: true, records: await writeRecords(options, setup, state.best, done, rounds, summary) };
  } finally {
    await pool.close();
  }
}

async function runFederation(
  { config, store, signal, onEvent, audit }: RunOptions,
  setup: Setup,
  pool: Pool<ExperimentCalls>,
  before: FederationState | undefined,
  rounds: RoundMetric[],
  save: (state: FederationState) => Promise<void>,
): Promise<FederationState> {
  const { federation, checkpointEvery } = config;
  let last = performance.now();
  let pending = "";
  const state = await federate(
    {
      backend: audit ? audited(new Workers(pool), setup, store) : new Workers(pool),
      clients: optedIn(setup),
      rounds: federation.rounds,
      cohort: federation.cohort,
      validation: {
        every: federation.validateEvery,
        patience: federation.patience,
        clients: federation.validationClients,
      },
      selection: behaviour(config).selection,
      key: fold(rootKey(config), "federation"),
      ...(signal && { signal }),
      onRound: async (report, at) => {
        const now = performance.now();
        const { validationAccuracy, ...rest } = report;
        const metric: RoundMetric = {
          kind: "round",
          ...rest,
          ...(validationAccuracy !== undefined && { validationAccuracy: 100 * validationAccuracy }),
          seconds: (now - last) / 1000,
        };
        last = now;
        rounds.push(metric);
        pending += jsonLine(metric);
        onEvent?.(metric);
        if (at.done || (checkpointEvery > 0 && at.round % checkpointEvery === 0)) {
          await store.append(METRICS, pending);
          pending = "";
          await save(at);
        }
      },
    },
    before ?? beginning(initialGeneralist(setup)),
  );
  if (pending) {
    await store.append(METRICS, pending);
    await save(state);
  }
  return state;
}

function audited(backend: Backend, { config, dataset }: Setup, store: RunStore): Backend {
  return new Audited(backend, {
    specs: networks(config, dataset).expert.specs,
    hash: (bytes) => new Sha256().update(bytes).hex(),
    write: (sent) => store.append(AUDIT, sent.map(jsonLine).join("")),
  });
}

async function runClients(
  { store, signal, onEvent, onNote, resume = false }: RunOptions,
  setup: Setup,
  pool: Pool<ExperimentCalls>,
  generalist: Float32Array,
  wanted: readonly number[],
): Promise<Personalized[] | undefined> {
  const files = new ClientFiles(store, setup);
  const found = new Map<number, Personalized>();
  for (const client of wanted) {
    const kept = resume ? await files.load(client, onNote) : undefined;
    if (kept) found.set(client, kept);
  }
  onEvent?.({ kind: "phase", phase: "clients", done: found.size, total: wanted.length });
  const open = wanted.filter((client) => !found.has(client));
  // what is written is written in turn: two appends at once could mix their lines
  let writing: Promise<void> = Promise.resolve();
  let unwritten: (error: unknown) => void = () => {};
  // what cannot be written need not be trained
  const broken = new Promise<never>((_, reject) => {
    unwritten = reject;
  });
  const work = pool.map(
    "personalize",
    open.map((client) => ({ client, generalist })),
    (result) => {
      found.set(result.client, result);
      onEvent?.({ kind: "personalized", client: result.client, done: found.size, total: wanted.length, result });
      writing = writing.then(async () => {
        const lines = clientMetrics(result, setup.clients[result.client]!);
        await store.append(METRICS, lines.map(jsonLine).join(""));
        await files.save(generalist, result);
      });
      writing.catch(unwritten);
    },
  );
  // a sweep's signal outlives its runs
  const over = new AbortController();
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
