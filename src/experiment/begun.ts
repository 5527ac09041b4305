// Where a run begins: its setup, its federations, and what its store holds of them.
import type { ServerSide } from "../federated/method.ts";
import type { States } from "../federated/states.ts";
import type { RoundMetric, TickMetric } from "../report/metrics.ts";
import type { Key } from "../runtime/random.ts";
import { inTurns } from "../runtime/steps.ts";
import { openLog } from "./auditLog.ts";
import type { Federation } from "./chosenMethods.ts";
import type { Config } from "./config.ts";
import { federationsOf, serverOf } from "./federations.ts";
import { type Origin, originOf } from "./origin.ts";
import { loadMethods } from "./ownMethods.ts";
import { loadNetworks } from "./ownNetworks.ts";
import { checkGroups } from "./tasks.ts";
import { clearProgress, keptRounds, loadFederation, type Progress, statesIn } from "./progress.ts";
import type { Deployed } from "./privacy.ts";
import type { RunOptions } from "./runOptions.ts";
import { evaluatedClients, federationKey, type Setup, setUpSteps } from "./setup.ts";
import type { RunStore } from "./store.ts";

/** One of a run's federations. */
export interface Plan {
  readonly federation: Federation;
  readonly server: ServerSide;
  readonly states: States;
}

/** One that has ended. */
export interface Over extends Plan, Progress {}

/** A run's federations, from their beginnings or from where its store says that they stand. */
export interface Begun {
  readonly setup: Setup;
  readonly origin: Origin;
  readonly plans: readonly Plan[];
  readonly before: ReadonlyMap<string, Progress>;
  readonly rounds: (RoundMetric | TickMetric)[];
  /** Whether what leaves clients is logged. */
  readonly audit: boolean;
  /** The address of the rounds' random numbers. */
  readonly key: Key;
}

type Beginning = Pick<
  RunOptions,
  "config" | "dataset" | "store" | "resume" | "audit" | "stateBytes" | "signal" | "onEvent"
> & {
  readonly deployed?: Deployed | undefined;
};

/** Begins a run in its store, or goes on with what that holds; where it was interrupted, says where. */
export async function begin(options: Beginning): Promise<Begun | string> {
  const { config, store, resume = false } = options;
  await loadNetworks(config);
  await loadMethods(config);
  const setup = await preparedFor(options);
  if (!setup) return "the set-up";
  const origin = originOf(setup);
  const federations = federationsOf(config);
  checkGroups(
    setup.dataset,
    federations.map(({ method }) => method),
  );
  const plans = federations.map((federation) => ({
    federation,
    server: serverOf(setup, federation, options.deployed?.noise),
    states: statesIn(store, federation.name, options.stateBytes),
  }));
  const names = plans.map(({ federation }) => federation.name);
  const before = new Map<string, Progress>();
  if (resume)
    for (const { federation, states } of plans) {
      const progress = await loadFederation(store, federation.name, states, origin);
      if (progress) before.set(federation.name, progress);
    }
  if (before.size === 0) await clearProgress(store, names, evaluatedClients(config));
  const audit = await openLog(store, resume, options.audit === true);
  await writeConfig(store, config);
  const rounds = await keptRounds(store, before);
  return { setup, origin, plans, before, rounds, audit, key: options.deployed?.key ?? federationKey(config) };
}

function writeConfig(store: RunStore, config: Config): Promise<void> {
  return store.write("config.json", `${JSON.stringify(config, null, 2)}\n`);
}

// what takes no time is not told of
const TELL_MS = 500;

/** The setup, made in turns with whoever else wants the thread; undefined where it was interrupted. */
async function preparedFor({ config, dataset, store, signal, onEvent }: Beginning): Promise<Setup | undefined> {
  let [told, last] = [performance.now(), -1];
  const tell = (done: number): void => {
    if (done === last || performance.now() - told < TELL_MS) return;
    [told, last] = [performance.now(), done];
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
