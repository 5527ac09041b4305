// Rounds whose server sees masked sums alone: which federations can have them, and what is promised then.
import type { Plan } from "./begun.ts";
import { ConfigError } from "./config.ts";
import { trainingOf } from "./methodPresets.ts";
import { FEWEST, MOST, thresholdOf } from "../federated/secure/member.ts";
import type { Weighing } from "../federated/backends/flower/secureTrainer.ts";
import type { Setup } from "./setup.ts";

/** How each federation's vectors are weighed in their sums, by its name; a ConfigError for one that is no sum. */
export function weighings({ config }: Setup, plans: readonly Plan[]): ReadonlyMap<string, Weighing> {
  const refuse = (got: string, expected: string): never => {
    throw new ConfigError(`--secure: got ${got}, expected ${expected}`);
  };
  const { privacy } = config.federation;
  if (privacy)
    refuse(`federation.privacy.kind=${privacy.kind ?? "central"}`, "none: noise is for updates that are seen");
  const exact = (["calibrate", "features"] as const).find((field) => config.posterior?.[field]);
  if (exact) refuse(`posterior.${exact}`, "none, as it asks single clients for exact sums after the federation");
  return new Map(
    plans.map(({ federation: { name, method }, server }) => {
      const chosen = method.sends.find((sent) => /[*?]$/.test(sent));
      if (chosen !== undefined)
        refuse(`${name}, whose clients choose what they send (${chosen})`, "a method that adds up");
      const odd = method.sends.find((sent) => !(method.receives ?? method.sends).includes(sent));
      if (odd !== undefined) refuse(`${name}, which sends ${odd} and is sent none`, "a method that adds up");
      if (method.measures && method.measures.length > 0)
        refuse(`${name}, whose server goes by ${method.measures.join(", ")} of each client`, "a method that adds up");
      if (!server.additive || !server.weighs)
        refuse(`${name}, whose server looks at single updates`, "a method that averages, as fedavg does");
      const { cohort, sampling } = trainingOf(config, name);
      if (cohort < FEWEST || cohort > MOST)
        refuse(`federation.cohort=${cohort}`, `${FEWEST} to ${MOST} clients in a sum`);
      if (sampling === "poisson") refuse("federation.sampling=poisson", "fixed: a round may have too few clients");
      return [name, server.weighs!] as const;
    }),
  );
}

/** What is promised to clients, line by line. */
export function securely({ config }: Setup, plans: readonly Plan[]): string[] {
  return plans.map(({ federation: { name } }) => {
    const { cohort } = trainingOf(config, name);
    return (
      `${name}: the server sees sums over the clients of a round, of whom ${thresholdOf(cohort)} of ${cohort} must stay; ` +
      `validation losses are told one by one`
    );
  });
}
