// The rounds of an experiment whose clients are nodes elsewhere. The loop, its checkpoints and its records are here; what
// clients keep, and what they are worth in the end, stays with them.
import { isRejection, oneLine } from "../federated/admission.ts";
import { arraysOf, FlowerHost, greeting } from "../federated/backends/flower/host.ts";
import { SecureHost } from "../federated/backends/flower/secureHost.ts";
import { Messenger, type MessengerOptions } from "../federated/backends/flower/messenger.ts";
import type { Host } from "../federated/hosts/host.ts";
import type { Vectors } from "../federated/method.ts";
import { cryptographicNoise } from "../federated/privacy/noise.ts";
import type { States } from "../federated/states.ts";
import { jsonLine } from "../io/index.ts";
import type { Summary } from "../report/records.ts";
import { begin, type Over } from "./begun.ts";
import { ConfigError } from "./config.ts";
import type { Standings } from "./farewell.ts";
import { generalistFile, weightsHash } from "./files.ts";
import { runFederations, taken } from "./federationPhase.ts";
import { type Followed, runFollowers } from "./following.ts";
import { isLocal } from "./localPrivacy.ts";
import { trainingOf } from "./methodPresets.ts";
import { answering, endedOf, generalistOf, sentOf } from "./moments.ts";
import { named, writeName } from "./named.ts";
import { promises } from "./privacy.ts";
import { securely, weighings } from "./secure.ts";
import type { RunOptions } from "./runOptions.ts";
import { charged, Shows } from "./shown.ts";
import { optedIn, type Setup } from "./setup.ts";
import { termsOf } from "./terms.ts";

export interface CoordinateOptions
  extends
    Pick<RunOptions, "config" | "dataset" | "store" | "resume" | "audit" | "signal" | "onEvent">,
    Pick<MessengerOptions, "relay" | "answerSeconds" | "pollSeconds" | "pingSeconds"> {
  readonly onMessage?: MessengerOptions["onEvent"];
  /** Whether clients mask what they send, and the server sees sums alone. */
  readonly secure?: boolean | undefined;
  /** Hears, line by line, what is promised to clients. */
  readonly onPromise?: (line: string) => void;
  /** Seconds to go on telling clients that all is over; a minute unless said. */
  readonly farewellSeconds?: number;
}

/** A finished federation, or where an interrupted one stands. */
export type Coordinated =
  | {
      readonly finished: true;
      /** What each federation's server ended with for everybody, and the hash of that. */
      readonly servers: readonly Vectors[];
      readonly weightsSha256: string;
      readonly federations: NonNullable<Summary["federations"]>;
      /** Clients that did not hear of the end; going on with the finished federation tells them. */
      readonly unheard: readonly number[];
    }
  | { readonly finished: false; readonly at: string };

/** Runs an experiment's federations to their ends with clients that are nodes, or to the abort of `signal`. */
export async function coordinate(options: CoordinateOptions): Promise<Coordinated> {
  const { relay, store, signal, onMessage, farewellSeconds = 60 } = options;
  // a round of real clients is worth a file
  const config = { ...options.config, checkpointEvery: 1 };
  const own = await named(store, options.resume);
  const { name: federation } = own;
  const isNoisy = config.federation.privacy !== undefined && !isLocal(config);
  const deployed = isNoisy ? { noise: cryptographicNoise, key: own.secret } : undefined;
  const begun = await begin({ ...options, config, deployed });
  if (typeof begun === "string") return { finished: false, at: begun };
  await writeName(store, own);
  const { setup, plans } = begun;
  for (const line of promises(setup, plans)) options.onPromise?.(line);
  const lying = plans.find(({ federation: { name } }) => trainingOf(config, name).attack);
  if (lying)
    throw new ConfigError(
      `attack: ${lying.federation.name}, got liars that a run simulates, expected none: clients that are nodes are what they are`,
    );
  const weighs = options.secure ? weighings(setup, plans) : undefined;
  if (weighs) for (const line of securely(setup, plans)) options.onPromise?.(line);
  const before = isNoisy ? await charged(store, begun, options.resume) : begun.before;
  const terms = termsOf(setup);
  const said = { method: plans[0]!.federation.name, federation, terms };
  const messenger = new Messenger({ ...options, relay, greeting: greeting(said), onEvent: onMessage });
  try {
    const hostOf = (method: string, states: States): Host =>
      new FlowerHost({ messenger, method, federation, terms, states });
    const over = await runFederations({ ...options, config }, { ...begun, before }, (plan) => {
      const { name, method } = plan.federation;
      const plain = hostOf(name, plan.states);
      const weighing = weighs?.get(name);
      const { states } = plan;
      const host = weighing
        ? new SecureHost({ plain, messenger, method: name, federation, terms, states, weighing, sends: method.sends })
        : plain;
      return { host: isNoisy ? new Shows(host, store, name) : host, losses: !isLocal(config) };
    });
    if (typeof over === "string") return { finished: false, at: over };
    const followed = await runFollowers({
      setup,
      ended: endedOf(setup, over),
      host: ({ name }, states) => hostOf(name, states),
      signal,
    });
    if (!followed) return { finished: false, at: "what follows the federation" };
    const servers = over.map(({ server, state }) => answering(setup, server, state, -1));
    const weightsSha256 = weightsHash(servers, []);
    const federations = await taken(setup, over, true);
    await writeName(store, own, { weightsSha256, federations });
    const { state } = over[0]!;
    const generalist = generalistFile(setup, generalistOf(setup, over), { rounds: state.round, ...state });
    if (generalist) await store.write("generalist.safetensors", generalist);
    const questions = optedIn(setup).map((client) => ({
      client,
      type: "query.farewell",
      last: true,
      ...farewellTo(setup, over, followed, client),
    }));
    const spoken = questions.map((one) => ({ ...one, config: { ...one.config, ...greeting(said) } }));
    const heard = await messenger.ask(spoken, farewellSeconds);
    const unheard = heard.flatMap((answer) => (isRejection(answer) ? [answer.client] : []));
    return { finished: true, servers, weightsSha256, federations, unheard };
  } catch (error) {
    if (!signal?.aborted) throw error;
    return { finished: false, at: `its last checkpoint (${oneLine(error)})` };
  } finally {
    await relay.close();
  }
}

/** What a client is told when all is over: what it is sent of each federation, and which of its states goes with that. */
function farewellTo(
  setup: Setup,
  over: readonly Over[],
  followed: Followed,
  client: number,
): { arrays: ReturnType<typeof arraysOf>; config: Record<string, string | number> } {
  const standings: Record<string, Standings[string]> = {};
  const arrays: ReturnType<typeof arraysOf>[number][] = [];
  for (const { federation, server, states, state } of over) {
    const { name } = federation;
    // where the last round was the best there is one moment
    const isOver = state.bestRound === state.round - 1;
    arrays.push(...arraysOf(answering(setup, server, state, client), `${name}/best/`));
    if (!isOver) arrays.push(...arraysOf(sentOf(setup, server, state.now, client, state.round), `${name}/last/`));
    for (const [kind, vectors] of Object.entries(followed[name] ?? {}))
      if (vectors) arrays.push(...arraysOf(vectors, `${name}/${kind}/`));
    standings[name] = {
      round: state.round,
      best: { kept: state.best.marks[client] ?? null },
      ...(!isOver && { last: { kept: states.marks[client] ?? null } }),
    };
  }
  const config = { "server-round": Math.max(...over.map(({ state }) => state.round)), standings: jsonLine(standings) };
  return { arrays, config };
}
