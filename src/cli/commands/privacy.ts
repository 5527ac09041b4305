// moiety privacy: what noise costs, and what noise an epsilon costs, before anything is trained.
import type { CommandModule } from "yargs";
import { ConfigError } from "../../experiment/index.ts";
import { epsilonOf, multiplierFor, type Sampling } from "../../federated/privacy/accountant.ts";

interface PrivacyArguments {
  clients: number;
  cohort: number;
  rounds: number;
  multiplier: number | undefined;
  epsilon: number | undefined;
  delta: number;
}

const samplings: readonly Sampling[] = ["poisson", "fixed"];

/** The answer in lines. RangeError for numbers that promise nothing. */
function told({ clients, cohort, rounds, multiplier, epsilon, delta }: PrivacyArguments): string[] {
  const share = cohort / clients;
  return samplings.map((sampling) => {
    const noise = multiplier ?? multiplierFor({ share, rounds, sampling }, epsilon!, delta);
    const spent = [{ share, multiplier: noise, rounds, sampling }];
    const cost = epsilonOf(spent, delta).toPrecision(4);
    const rdp = epsilonOf(spent, delta, "rdp").toPrecision(4);
    const also = sampling === "poisson" ? `, ${rdp} by Renyi divergences` : "";
    return `${sampling.padEnd(8)} noise multiplier ${noise.toPrecision(4)}: epsilon ${cost}${also}`;
  });
}

export const privacyCommand: CommandModule<object, PrivacyArguments> = {
  command: "privacy",
  describe: "count what rounds of noisy sums cost, or the noise that an epsilon needs",
  builder: (yargs) =>
    yargs
      .option("clients", { type: "number", demandOption: true, describe: "clients of the federation" })
      .option("cohort", { type: "number", demandOption: true, describe: "clients of a round" })
      .option("rounds", { type: "number", demandOption: true, describe: "rounds, each of them noised" })
      .option("multiplier", {
        type: "number",
        defaultDescription: "what --epsilon needs",
        describe: "standard deviation of the sum's noise over the longest update",
      })
      .option("epsilon", {
        type: "number",
        defaultDescription: "what --multiplier costs",
        describe: "or: what all rounds together may cost",
      })
      .option("delta", { type: "number", default: 1e-5, describe: "below one over the number of clients" })
      .example("$0 privacy --clients 10000 --cohort 100 --rounds 1000 --epsilon 2", "the noise for epsilon 2")
      .example("$0 privacy --clients 10000 --cohort 100 --rounds 1000 --multiplier 1", "what that noise costs")
      .epilogue(
        "poisson: each client takes part by itself, and one is added or removed (exact accounting by privacy losses).\n" +
          "fixed: a round has exactly so many clients, and one is replaced by another (upper bound by Renyi divergences).\n" +
          "In a run: --set federation.privacy.clip=1 --set federation.privacy.epsilon=2 --set federation.sampling=poisson",
      ),
  handler: (args) => {
    const { clients, cohort, rounds, multiplier, epsilon } = args;
    const whole = (name: string, value: number): void => {
      if (!(Number.isSafeInteger(value) && value >= 1))
        throw new ConfigError(`--${name}: got ${value}, expected a whole number from 1`);
    };
    whole("clients", clients);
    whole("cohort", cohort);
    whole("rounds", rounds);
    if (cohort > clients) throw new ConfigError(`--cohort: got ${cohort}, expected at most the ${clients} clients`);
    if ((multiplier === undefined) === (epsilon === undefined))
      throw new ConfigError("privacy: give --multiplier for its epsilon, or --epsilon for its multiplier");
    try {
      for (const line of told(args)) console.log(line);
    } catch (error) {
      throw error instanceof RangeError ? new ConfigError(error.message) : error;
    }
  },
};
