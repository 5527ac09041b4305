// Differential privacy as a config asks for it: from an epsilon or a noise multiplier to the server that adds it, and to what it
// has cost. What clients add themselves is in localPrivacy.ts.
import { accountantFor, epsilonOf, multiplierFor, type Noisy, roundsWithin } from "../federated/privacy/accountant.ts"; // prettier-ignore
import { ledgerOf, type Noise, privately } from "../federated/privacy/central.ts";
import { addressedNoise } from "../federated/privacy/noise.ts";
import type { ServerSide, Vectors } from "../federated/method.ts";
import { fold } from "../runtime/random.ts";
import type { States } from "../federated/states.ts";
import type { Key } from "../runtime/random.ts";
import type { Federation } from "./chosenMethods.ts";
import { type Config, ConfigError } from "./config.ts";
import { localPrivacy, localRecord } from "./localPrivacy.ts";
import { trainingOf } from "./methodPresets.ts";
import type { PrivacyResult } from "../report/records.ts";
import { rootKey, type Setup } from "./setup.ts";

interface Plan extends Omit<Noisy, "rounds"> {
  readonly delta: number;
  readonly rounds: number;
}

const plans = new Map<string, Plan>();

/** The noise of one method's federation; undefined without privacy. A ConfigError names what promises nothing. */
export function privacyPlan(setup: Pick<Setup, "config" | "clients">, name: string): Plan | undefined {
  const { privacy, rounds: most, cohort, sampling = "fixed" } = trainingOf(setup.config, name);
  if (!privacy || privacy.kind === "local") return undefined;
  const clients = setup.clients.filter(({ optedOut }) => !optedOut).length;
  const share = Math.min(1, cohort / clients);
  const { delta = 1e-5, epsilon, multiplier, budget } = privacy;
  const asked = JSON.stringify({ privacy, share, sampling, most });
  const known = plans.get(asked);
  if (known) return known;
  if ((epsilon === undefined) === (multiplier === undefined))
    throw new ConfigError("config: federation.privacy: expected epsilon or multiplier, and not both");
  if (budget !== undefined && multiplier === undefined)
    throw new ConfigError("config: federation.privacy.budget: epsilon is the budget already; give it with multiplier");
  if (!(delta * clients < 1))
    throw new ConfigError(
      `config: federation.privacy.delta: got ${delta} with ${clients} clients, expected less than one over their number`,
    );
  try {
    const noise = multiplier ?? multiplierFor({ share, rounds: most, sampling }, epsilon!, delta);
    const mechanism = { share, multiplier: noise, sampling };
    const rounds = budget === undefined ? most : roundsWithin(mechanism, budget, { delta, most });
    if (rounds === 0)
      throw new RangeError(`budget, got ${budget}, which one round exceeds; raise the multiplier or the budget`);
    const plan = { ...mechanism, delta, rounds };
    plans.set(asked, plan);
    return plan;
  } catch (error) {
    throw error instanceof RangeError ? new ConfigError(`config: federation.privacy: ${error.message}`) : error;
  }
}

/** A method's server behind the config's noise, or as it is. Noise has addresses in a simulation: see `noise`. */
export function behindNoise(
  setup: Pick<Setup, "config" | "clients">,
  { name, method }: Federation,
  server: ServerSide,
  noise: Noise = addressedNoise(fold(rootKey(setup.config), "privacy", name)),
): ServerSide {
  checkFollowers(setup.config);
  // looked at, for what promises nothing is refused before anybody is asked
  if (localPrivacy(setup.config, method)) return server;
  const plan = privacyPlan(setup, name);
  if (!plan) return server;
  const { clip, quantile } = setup.config.federation.privacy!;
  try {
    return privately(server, {
      clip,
      quantile,
      noise,
      multiplier: plan.multiplier,
      expected: trainingOf(setup.config, name).cohort,
      sends: method.sends,
    });
  } catch (error) {
    throw error instanceof RangeError
      ? new ConfigError(`config: federation.privacy: ${name}: ${error.message}`)
      : error;
  }
}

function checkFollowers({ federation: { privacy }, posterior }: Config): void {
  const exact = (["calibrate", "features"] as const).find((field) => posterior?.[field]);
  if (privacy && exact)
    throw new ConfigError(
      `config: posterior.${exact}: got it with federation.privacy, expected false; it asks clients for exact sums after the federation`,
    );
}

/**
 * In a deployment: noise of a cryptographic source, and a secret address for who takes part in a round, as what is promised
 * counts on others not knowing it. The seed, which every client has, gives neither.
 */
export interface Deployed {
  readonly noise: Noise;
  readonly key: Key;
}

/** The most rounds that a federation has, from a state of it: a round whose noise was drawn twice has cost another one. */
export function mostRounds(
  setup: Pick<Setup, "config" | "clients">,
  name: string,
  at?: { round: number; now: Vectors },
): number {
  const plan = privacyPlan(setup, name);
  if (!plan) return trainingOf(setup.config, name).rounds;
  const again = at ? ledgerOf(at.now)!.rounds - at.round : 0;
  return plan.rounds - again;
}

/** What is promised to clients that are nodes, line by line. */
export function promises(setup: Setup, federations: readonly { readonly federation: Federation }[]): string[] {
  return federations.flatMap(({ federation: { name, method } }) => {
    const plan = privacyPlan(setup, name);
    if (plan) {
      const { multiplier, rounds, share, sampling, delta } = plan;
      const epsilon = epsilonOf([{ multiplier, rounds, share, sampling }], delta);
      return [
        `${name}: sums get noise of this machine's cryptographic source, multiplier ${multiplier.toPrecision(3)}; ${rounds} rounds cost ` +
          `epsilon ${epsilon.toPrecision(3)} at delta ${delta}. Who takes part is drawn by a key of this federation's, not by the seed`,
      ];
    }
    if (!localPrivacy(setup.config, method)) return [];
    return [`${name}: clients hide what they send, each by its own account; no losses are told, and nobody validates`];
  });
}

/** What noise has cost in a federation; nothing is known here of what nodes elsewhere have spent. */
export async function privacyRecord(
  setup: Pick<Setup, "config" | "clients">,
  { name, method }: Federation,
  { state, states, deployed = false }: { state: Vectors; states: States; deployed?: boolean },
): Promise<PrivacyResult | undefined> {
  const [plan, ledger] = [privacyPlan(setup, name), ledgerOf(state)];
  if (!plan || !ledger) return deployed ? undefined : localRecord(setup.config, method, states);
  const { share, multiplier, sampling, delta } = plan;
  const spent = [{ share, multiplier, sampling, rounds: ledger.rounds }];
  return {
    kind: "central",
    rounds: ledger.rounds,
    epsilon: epsilonOf(spent, delta),
    delta,
    multiplier,
    clip: ledger.clip,
    accountant: accountantFor(spent),
    sampling,
    noise: deployed ? "cryptographic" : "simulated",
  };
}
