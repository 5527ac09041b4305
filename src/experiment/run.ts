// The runner: federation, then every evaluated client's private part, then the records. It can be stopped at any instant
// and goes on from its store as if it had not been.
import type { Dataset } from "../data/index.ts";
import { Audited } from "../federated/audit.ts";
import { type Attack, Attacked, liarsOf } from "../federated/hosts/attacked.ts";
import type { Host } from "../federated/hosts/host.ts";
import { PoolHost } from "../federated/hosts/pool.ts";
import type { Method, ServerSide, Vector, Vectors } from "../federated/method.ts";
import { downOf, firstState, type RoundsState, runRounds } from "../federated/rounds.ts";
import type { States } from "../federated/states.ts";
import { jsonLine, Sha256 } from "../io/index.ts";
import type { Pool } from "../runtime/pool.ts";
import { inTurns } from "../runtime/steps.ts";
import type { RoundMetric, RunRecords, Summary, TickMetric } from "../report/records.ts";
import { ClientFiles } from "./clientFile.ts";
import type { ExperimentCalls } from "./clients.ts";
import type { Config } from "./config.ts";
import { follow } from "./following.ts";
import { naming } from "./diverged.ts";
import type { HeldOf, Standing, Tick } from "./clock.ts";
import type { Measured } from "./measured.ts";
import { type RecordsOptions, weightsHash, writeRecords } from "./files.ts";
import type { Federation } from "./chosenMethods.ts";
import { federationKey, federationsOf, followersOf, initialOf, serverOf } from "./federations.ts";
import { trainingOf } from "./methodPresets.ts";
import { loadMethods } from "./ownMethods.ts";
import { type Origin, originOf } from "./origin.ts";
import { loadNetworks } from "./ownNetworks.ts";
import {
  clearFederations,
  clearProgress,
  keptRounds,
  loadFederation,
  METRICS,
  type Progress,
  saveFederation,
  statesIn,
} from "./progress.ts";
import { privacyPlan, privacyRecord } from "./privacy.ts";
import { clientMetrics, summarize } from "./records.ts";
import { evaluatedClients, optedIn, type Setup, setUpSteps } from "./setup.ts";
import type { RunStore } from "./store.ts";
import type { Held } from "./personalize.ts";

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
  /** Of a set-up that takes its time: how many clients are ready. */
  | { readonly kind: "setup"; readonly done: number; readonly total: number }
  | {
      readonly kind: "phase";
      readonly phase: "federation" | "clients";
      readonly done: number;
      readonly total: number;
      /** Whose federation, in a run of several methods. */
      readonly method?: string;
    }
  | RoundMetric
  | {
      readonly kind: "personalized";
      readonly client: number;
      readonly done: number;
      readonly total: number;
      readonly result: Measured;
    };

/** A finished run's records, or where an interrupted one stands. */
export type RunResult =
  { readonly finished: true; readonly records: RunRecords } | { readonly finished: false; readonly at: string };

const AUDIT = "audit.jsonl";

/** A run's federations, from their beginnings or from where its store says that they stand. */
export interface Begun {
  readonly setup: Setup;
  readonly origin: Origin;
  readonly plans: readonly Plan[];
  readonly before: ReadonlyMap<string, Progress>;
  readonly rounds: (RoundMetric | TickMetric)[];
  /** Whether what leaves clients is logged. */
  readonly audit: boolean;
}

type Beginning = Pick<RunOptions, "config" | "dataset" | "store" | "resume" | "audit" | "signal" | "onEvent">;

/** Begins a run in its store, or goes on with what that holds; where it was interrupted, says where. */
export async function begin(options: Beginning): Promise<Begun | string> {
  const { config, store, resume = false } = options;
  await loadNetworks(config);
  await loadMethods(config);
  const setup = await preparedFor(options);
  if (!setup) return "the set-up";
  const origin = originOf(setup);
  const plans = federationsOf(config).map((federation) => ({
    federation,
    server: serverOf(setup, federation),
    states: statesIn(store, federation.name),
  }));
  const names = plans.map(({ federation }) => federation.name);
  const before = new Map<string, Progress>();
  if (resume)
    for (const { federation, states } of plans) {
      const progress = await loadFederation(store, federation.name, states, origin);
      if (progress) before.set(federation.name, progress);
    }
  if (before.size === 0) await clearProgress(store, names, evaluatedClients(config));
  // what left a client in a run that was killed has left it: only a new run begins a new log, and a log once begun goes on
  const logged = resume && (await store.read(AUDIT)) !== undefined;
  if (!resume) await store.remove(AUDIT);
  if (options.audit && !logged) await store.write(AUDIT, "");
  const audit = options.audit === true || logged;
  await writeConfig(store, config);
  const rounds = await keptRounds(store, before);
  return { setup, origin, plans, before, rounds, audit };
}

/** Runs one federation after another; where one was interrupted, says where it stands. */
export async function runFederations(
  options: Pick<RunOptions, "config" | "store" | "signal" | "onEvent">,
  begun: Begun,
  clientsOf: (plan: Plan) => Clients,
): Promise<Over[] | string> {
  const { config, onEvent } = options;
  const over: Over[] = [];
  for (const plan of begun.plans) {
    const { name } = plan.federation;
    onEvent?.({
      kind: "phase",
      phase: "federation",
      done: begun.before.get(name)?.state.round ?? 0,
      total: trainingOf(config, name).rounds,
      ...(config.methods && { method: name }),
    });
    const end = await runFederation(options, begun, clientsOf(plan), plan).catch((error: unknown) => {
      throw naming(error, config.methods ? `${name}: ` : "", { "federation.lr": trainingOf(config, name).lr });
    });
    if (!end.state.done)
      return `round ${end.state.round} of at most ${trainingOf(config, name).rounds}${config.methods ? ` of ${name}` : ""}`;
    over.push({ ...plan, ...end });
  }
  return over;
}

/** Runs an experiment to its end, or to the abort of `signal`. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { config, store } = options;
  const begun = await begin(options);
  if (typeof begun === "string") return { finished: false, at: begun };
  const { setup, origin, plans, rounds } = begun;
  const wanted = evaluatedClients(config);

  const pool = await options.pool(setup);
  try {
    const over = await runFederations(options, begun, (plan) => {
      const { name } = plan.federation;
      const pooled = new PoolHost(pool, plan.states, name);
      const { attack } = trainingOf(config, name);
      return {
        host: attack ? attacked(pooled, setup, attack) : pooled,
        tick: (at) => ticking(setup, pool, plan, at),
      };
    });
    if (typeof over === "string") return { finished: false, at: over };
    const federated = over.reduce((sum, { seconds }) => sum + seconds, 0);

    const began = performance.now();
    const followed = await runFollowers({ ...options, audit: begun.audit }, setup, pool, over);
    if (!followed) return { finished: false, at: "what follows the federation" };
    const done = await runClients(options, setup, pool, over, followed, wanted);
    if (!done) return { finished: false, at: "the clients' private training" };
    const privately = (performance.now() - began) / 1000;

    const servers = [
      ...over.map(({ server, state }) => answering(setup, server, state, -1)),
      ...Object.values(followed).flatMap(({ calibration = {}, gaussians = {} }) => [calibration, gaussians]),
    ];
    const [first] = over;
    const summary = summarize({
      setup,
      done,
      rounds: first!.state.round,
      bestRound: first!.state.bestRound,
      ...((config.methods ?? config.federation.privacy ?? config.federation.attack) && {
        federations: Object.fromEntries(over.map((one) => [one.federation.name, taken(setup, one)])),
      }),
      wallSeconds: federated + privately,
      phases: {
        ...(config.methods
          ? Object.fromEntries(over.map(({ federation, seconds }) => [federation.name, seconds]))
          : { federation: federated }),
        clients: privately,
      },
      weightsSha256: weightsHash(servers, done),
      kernels: origin.kernels,
      command: options.command ?? "",
      runtime: options.runtime ?? "",
    });
    const records = await writeRecords(options, setup, generalistOf(setup, over), done, rounds, summary);
    await clearFederations(
      store,
      plans.map(({ federation }) => federation.name),
    );
    return { finished: true, records };
  } finally {
    await pool.close();
  }
}

function writeConfig(store: RunStore, config: Config): Promise<void> {
  return store.write("config.json", `${JSON.stringify(config, null, 2)}\n`);
}

// what takes no time is not told of
const TELL_MS = 500;

/** The setup, made in turns with whoever else wants the thread; undefined where it was interrupted. */
async function preparedFor({ config, dataset, store, signal, onEvent }: Beginning): Promise<Setup | undefined> {
  let told = performance.now();
  const tell = (done: number): void => {
    if (performance.now() - told < TELL_MS) return;
    told = performance.now();
    onEvent?.({ kind: "setup", done, total: config.clients });
  };
  try {
    return await inTurns(setUpSteps(config, dataset, tell), { signal, slice: 50 });
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error;
    // all that a resumed run needs to begin
    await writeConfig(store, config);
    return undefined;
  }
}

/** Where a federation's clients are. */
export interface Clients {
  readonly host: Host;
  /** How all of them do after a round, where that can be looked at. */
  readonly tick?: (at: RoundsState) => Promise<TickMetric>;
}

/** One of a run's federations. */
export interface Plan {
  readonly federation: Federation;
  readonly server: ServerSide;
  readonly states: States;
}

export interface Over extends Plan, Progress {}

export function taken(setup: Setup, { federation, state }: Over): NonNullable<Summary["federations"]>[string] {
  const privacy = privacyRecord(setup, federation.name, state.now);
  const { attack } = trainingOf(setup.config, federation.name);
  return {
    rounds: state.round,
    bestRound: state.bestRound,
    ...state.bytes,
    ...(privacy && { privacy }),
    ...(attack && { attack: { kind: attack.kind, scale: attack.scale ?? 1, liars: liars(setup, attack) } }),
  };
}

/** What a client is sent of a federation's best moment, to answer with; -1 is nobody in particular. */
export function answering(setup: Setup, server: ServerSide, { best, round }: RoundsState, client: number): Vectors {
  return sentOf(setup, server, best.server, client, round);
}

export function sentOf({ config }: Setup, server: ServerSide, state: Vectors, client: number, round: number): Vectors {
  return downOf(server, state, { client, round, purpose: "answers", key: federationKey(config) });
}

/** What a client has of a federation at its end, or on the way. */
async function standing(setup: Setup, { server, states }: Plan, at: RoundsState, client: number): Promise<Standing> {
  return { down: sentOf(setup, server, at.now, client, at.round), kept: await states.get(client) };
}

async function runFederation(
  { config, store, signal, onEvent }: Pick<RunOptions, "config" | "store" | "signal" | "onEvent">,
  { setup, origin, audit, rounds, before: all }: Begun,
  { host, tick }: Clients,
  plan: Plan,
): Promise<Progress> {
  const { checkpointEvery } = config;
  const federation = trainingOf(config, plan.federation.name);
  const before = all.get(plan.federation.name);
  const { dropout, slow, sampling } = federation;
  const { every = Infinity } = config.clock ?? {};
  const { server, states } = plan;
  const { name, method } = plan.federation;
  const started = performance.now();
  const elapsed = (): number => (before?.seconds ?? 0) + (performance.now() - started) / 1000;
  const save = (state: RoundsState): Promise<void> =>
    saveFederation(store, name, states, { state, seconds: elapsed() }, origin);
  let last = performance.now();
  let pending = "";
  const state = await runRounds(
    {
      host: audit ? audited(host, method, store) : host,
      server,
      sends: method.sends,
      measures: method.measures,
      states,
      clients: optedIn(setup),
      rounds: privacyPlan(setup, plan.federation.name)?.rounds ?? federation.rounds,
      cohort: federation.cohort,
      validation: {
        every: federation.validateEvery,
        patience: federation.patience,
        clients: federation.validationClients,
      },
      key: federationKey(config),
      ...(sampling && { sampling }),
      // a turn may take minutes here, and a worker that dies says so
      onSilence: null,
      ...(dropout !== undefined && { dropout }),
      ...(slow !== undefined && { slow }),
      ...(signal && { signal }),
      onRound: async (report, at) => {
        const now = performance.now();
        const { validationAccuracy, ...rest } = report;
        const metric: RoundMetric = {
          kind: "round",
          ...(config.methods && { method: name }),
          ...rest,
          ...(validationAccuracy !== undefined && { validationAccuracy: 100 * validationAccuracy }),
          ...at.bytes,
          seconds: (now - last) / 1000,
        };
        const told: (RoundMetric | TickMetric)[] = [metric];
        if (tick && config.methods && (report.round % every === 0 || (at.done && every < Infinity)))
          told.push(await tick(at));
        // looking is no part of a round
        last = performance.now();
        rounds.push(...told);
        pending += told.map(jsonLine).join("");
        onEvent?.(metric);
        if (at.done || (checkpointEvery > 0 && at.round % checkpointEvery === 0)) {
          await store.append(METRICS, pending);
          pending = "";
          await save(at);
        }
      },
    },
    before?.state ?? firstState(server, initialOf(setup, plan.federation)),
  );
  if (pending) {
    await store.append(METRICS, pending);
    await save(state);
  }
  return { state, seconds: elapsed() };
}

/** All evaluated clients' own models on their tests after a round. */
async function ticking(setup: Setup, pool: Pool<ExperimentCalls>, plan: Plan, at: RoundsState): Promise<TickMetric> {
  const { name } = plan.federation;
  const wanted = evaluatedClients(setup.config);
  const found: Tick[] = [];
  for (let from = 0; from < wanted.length; from += AT_ONCE) {
    const calls: { client: number; federation: string; of: HeldOf }[] = [];
    for (const client of wanted.slice(from, from + AT_ONCE))
      calls.push({ client, federation: name, of: { ...(await standing(setup, plan, at, client)), round: at.round } });
    found.push(...(await pool.map("tick", calls)));
  }
  return {
    kind: "tick",
    method: name,
    round: at.round - 1,
    clients: wanted,
    localTest: found.map(({ localTest }) => localTest),
    globalTest: found.map(({ globalTest }) => globalTest),
  };
}

function liars(setup: Setup, attack: Attack): number[] {
  return liarsOf(attack, optedIn(setup), federationKey(setup.config));
}

function attacked(host: Host, setup: Setup, attack: Attack): Host {
  return new Attacked(host, attack, liars(setup, attack), federationKey(setup.config));
}

function audited(host: Host, { name }: Pick<Method, "name">, store: RunStore): Host {
  return new Audited(host, {
    hash: (bytes) => new Sha256().update(bytes).hex(),
    write: (sent) => store.append(AUDIT, sent.map((one) => jsonLine({ method: name, ...one })).join("")),
  });
}

/** What the federations' followers found, by federation. */
type Followed = Readonly<Record<string, Pick<HeldOf, "calibration" | "gaussians">>>;

/** Runs the followers that a config asks for; undefined where they were interrupted. */
async function runFollowers(
  { config: { posterior }, store, signal, audit }: RunOptions,
  setup: Setup,
  pool: Pool<ExperimentCalls>,
  federations: readonly Over[],
): Promise<Followed | undefined> {
  const found: Record<string, Followed[string]> = {};
  for (const { federation, server, state } of posterior ? federations : []) {
    const { model } = answering(setup, server, state, -1);
    if (!model || federation.rows.length === 0) continue;
    const of: { calibration?: Vectors; gaussians?: Vectors } = {};
    for (const [name, follower] of Object.entries(followersOf(federation.name))) {
      if (!(name === "calibration" ? posterior?.calibrate : posterior?.features)) continue;
      const host = (own: Host): Host => (audit ? audited(own, follower, store) : own);
      const left = await follow({ setup, pool, follower, model, host, signal });
      if (!left) return undefined;
      of[name as keyof typeof of] = left;
    }
    found[federation.name] = of;
  }
  return found;
}

async function runClients(
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
  onEvent?.({ kind: "phase", phase: "clients", done: found.size, total: wanted.length });
  const open = wanted.filter((client) => !found.has(client));
  const heldBy = async (client: number): Promise<Held> => {
    const held: Record<string, Held[string]> = {};
    for (const one of federations) {
      const { federation, server, states, state } = one;
      // where the last round was the best there is one moment
      const isOver = state.bestRound === state.round - 1;
      held[federation.name] = {
        down: answering(setup, server, state, client),
        kept: await states.get(client, state.best.marks),
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

// so many clients' states are held at once, whatever their number
const AT_ONCE = 256;

/** The model that everybody is sent to answer with, where the first federation that has one trains one for all. */
export function generalistOf(setup: Setup, federations: readonly Over[]): Vector | undefined {
  for (const { server, state } of federations) {
    const { model } = answering(setup, server, state, -1);
    if (model) return model;
  }
  return undefined;
}
