// Central differential privacy as a config asks for it: from an epsilon or a noise multiplier to the server that adds it.
import { accountantFor, epsilonOf, multiplierFor, type Noisy, roundsWithin } from "../federated/privacy/accountant.ts"; // prettier-ignore
import { ledgerOf, type Noise, privately } from "../federated/privacy/central.ts";
import { addressedNoise } from "../federated/privacy/noise.ts";
import type { ServerSide, Vectors } from "../federated/method.ts";
import { fold } from "../runtime/random.ts";
import type { Federation } from "./chosenMethods.ts";
import { ConfigError } from "./config.ts";
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
  if (!privacy) return undefined;
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

/** What a federation's state has been charged for. */
export function privacyRecord(
  setup: Pick<Setup, "config" | "clients">,
  name: string,
  state: Vectors,
): PrivacyResult | undefined {
  const [plan, ledger] = [privacyPlan(setup, name), ledgerOf(state)];
  if (!plan || !ledger) return undefined;
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
  };
}
