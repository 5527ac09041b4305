// Local differential privacy as a config asks for it: every client clips and hides what it sends before it leaves, and the
// server is as anybody else. So nothing exact is told beside it, and nobody validates: the last moment is the one that stays.
import { addressedNoise } from "../federated/privacy/noise.ts";
import { gaussianSigma } from "../federated/privacy/gaussian.ts";
import { accountIn, hiding } from "../federated/privacy/hiding.ts";
import type { Hiding } from "../federated/hosts/bench.ts";
import { checkPrivacy, LocalPrivacy, type PrivacyOptions } from "../federated/privacy/local.ts";
import { checkProtects } from "../federated/privacy/protected.ts";
import type { Method } from "../federated/method.ts";
import type { States } from "../federated/states.ts";
import { fold } from "../runtime/random.ts";
import type { LocalPrivacyResult } from "../report/records.ts";
import { type Config, ConfigError } from "./config.ts";
import { trainingOf } from "./methodPresets.ts";
import { rootKey } from "./setup.ts";

const DELTA = 1e-5;

/** Whether a config's clients hide what they send. */
export function isLocal({ federation: { privacy } }: Pick<Config, "federation">): boolean {
  return privacy?.kind === "local";
}

/** How each client of a method hides what it sends; undefined unless that is asked for. A ConfigError names what promises nothing. */
export function localPrivacy(config: Config, method: Method): PrivacyOptions | undefined {
  const { privacy } = trainingOf(config, method.name);
  if (privacy?.kind !== "local") return undefined;
  const { clip, epsilon, multiplier, delta = DELTA, budget, quantile } = privacy;
  if ((epsilon === undefined) === (multiplier === undefined))
    throw new ConfigError("config: federation.privacy: expected epsilon or multiplier, and not both");
  if (quantile !== undefined)
    throw new ConfigError(
      "config: federation.privacy.quantile: got one with kind local, expected none; a clip that follows norms needs to know them",
    );
  try {
    const options = { clip, noise: { multiplier: multiplier ?? multiplierOf(epsilon!, delta), delta }, budget };
    checkPrivacy(options);
    checkProtects(method, options);
    // a budget that not one answer fits in
    new LocalPrivacy(options).afford();
    return options;
  } catch (error) {
    throw error instanceof RangeError ? new ConfigError(`config: federation.${error.message}`) : error;
  }
}

// over the clip, for two updates are twice that apart; upwards to what any engine's logarithms agree about
function multiplierOf(epsilon: number, delta: number): number {
  return Math.ceil(2 * gaussianSigma(1, epsilon, delta) * 4096) / 4096;
}

/** The same for clients of a simulation, whose noise has addresses. */
export function hidingOf(config: Config, method: Method): Hiding | undefined {
  const privacy = localPrivacy(config, method);
  if (!privacy) return undefined;
  const key = fold(rootKey(config), "privacy", method.name);
  return hiding(method, privacy, (client) => addressedNoise(fold(key, "client", client)));
}

/** What a simulation's clients have spent: of the one that spent most. */
export async function localRecord(
  config: Config,
  method: Method,
  states: States,
): Promise<LocalPrivacyResult | undefined> {
  const privacy = localPrivacy(config, method);
  if (!privacy) return undefined;
  let [stopped, most] = [0, new LocalPrivacy(privacy).spent()!];
  for (const client of Object.keys(states.marks).map(Number)) {
    const local = new LocalPrivacy(privacy, accountIn(await states.get(client)));
    const spent = local.spent()!;
    if (spent.rounds > most.rounds) most = spent;
    if (!local.affords) stopped++;
  }
  const { rounds, epsilon, delta, sigma } = most;
  return { kind: "local", rounds, epsilon, delta, multiplier: sigma / privacy.clip, clip: privacy.clip, stopped };
}
