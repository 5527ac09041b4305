// A set-up that stays possible while clients come, go and opt out: whoever moves a slider is not told that another field forbids it.
import type { Config } from "../../src/experiment/config.ts";

/** How many of the clients share. */
export function optedIn({ clients, optOut }: Pick<Config, "clients" | "optOut">): number {
  // as opt-outs are counted where they are drawn
  return clients - Math.floor(optOut * clients + 1e-9);
}

/** The config with a cohort that there are clients for: `cohort`, if they are enough. */
export function withRoom(config: Config, cohort: number): Config {
  const fitting = Math.max(1, Math.min(cohort, optedIn(config)));
  return { ...config, federation: { ...config.federation, cohort: fitting } };
}
