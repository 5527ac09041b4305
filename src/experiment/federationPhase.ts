// A run's first phase: the rounds of its federations, one after another, from their beginnings or from where its store says.
import { type Attack, Attacked } from "../federated/hosts/attacked.ts";
import type { Host } from "../federated/hosts/host.ts";
import { runRounds } from "../federated/rounds.ts";
import { firstState, type RoundsState } from "../federated/roundsState.ts";
import { jsonLine } from "../io/index.ts";
import type { Summary } from "../report/records.ts";
import type { RoundMetric, TickMetric } from "../report/metrics.ts";
import type { Pool } from "../runtime/pool.ts";
import { audited } from "./auditLog.ts";
import type { Begun, Over, Plan } from "./begun.ts";
import type { ExperimentCalls } from "./clients.ts";
import type { HeldOf, Tick } from "./clock.ts";
import { naming } from "./diverged.ts";
import { initialOf } from "./federations.ts";
import { liarsIn } from "./liars.ts";
import { isLocal } from "./localPrivacy.ts";
import { trainingOf } from "./methodPresets.ts";
import { AT_ONCE, standing } from "./moments.ts";
import { mostRounds, privacyRecord } from "./privacy.ts";
import { METRICS, type Progress, saveFederation } from "./progress.ts";
import type { RunOptions } from "./runOptions.ts";
import { evaluatedClients, federationKey, optedIn, type Setup } from "./setup.ts";

/** Where a federation's clients are. */
export interface Clients {
  readonly host: Host;
  /** Whether they tell their training losses, as they do unless said. */
  readonly losses?: boolean;
  /** How all of them do after a round, where that can be looked at. */
  readonly tick?: (at: RoundsState) => Promise<TickMetric>;
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

async function runFederation(
  { config, store, signal, onEvent }: Pick<RunOptions, "config" | "store" | "signal" | "onEvent">,
  { setup, origin, audit, rounds, before: all, key }: Begun,
  { host, losses, tick }: Clients,
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
      losses,
      peers: method.peers,
      states,
      clients: optedIn(setup),
      rounds: mostRounds(setup, name, before?.state),
      cohort: federation.cohort,
      // scores are exact: of clients that hide what they send, nobody could choose by them
      ...(!isLocal(config) &&
        federation.validateEvery > 0 && {
          validation: {
            every: federation.validateEvery,
            patience: federation.patience,
            clients: federation.validationClients,
          },
        }),
      key,
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
export async function ticking(
  setup: Setup,
  pool: Pool<ExperimentCalls>,
  plan: Plan,
  at: RoundsState,
): Promise<TickMetric> {
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

/** A host some of whose clients lie. */
export function attacked(host: Host, setup: Setup, attack: Attack): Host {
  return new Attacked(host, attack, liarsIn(setup, attack), federationKey(setup.config));
}

/** What federations took, by their names, for the summary; `deployed` where clients are nodes. */
export async function taken(
  setup: Setup,
  federations: readonly Over[],
  deployed = false,
): Promise<NonNullable<Summary["federations"]>> {
  const found: Record<string, NonNullable<Summary["federations"]>[string]> = {};
  for (const { federation, state, states } of federations) {
    const privacy = await privacyRecord(setup, federation, { state: state.now, states, deployed });
    const { attack } = trainingOf(setup.config, federation.name);
    found[federation.name] = {
      rounds: state.round,
      bestRound: state.bestRound,
      ...state.bytes,
      ...(privacy && { privacy }),
      ...(attack && { attack: { kind: attack.kind, scale: attack.scale ?? 1, liars: liarsIn(setup, attack) } }),
    };
  }
  return found;
}
