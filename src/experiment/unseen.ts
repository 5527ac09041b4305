// Clients of domains that the federation never sees: how well what it has learnt serves somebody whose inputs look otherwise.
import { type Config, ConfigError } from "./config.ts";

/** The clients whose domain the federation never sees, ascending; a ConfigError where that would be all, or domains do not stay. */
export function unseenClients({ shift, clients }: Pick<Config, "shift" | "clients">): number[] {
  if (!shift || shift.kind === "noise" || shift.unseen === undefined) return [];
  if (shift.kind !== "corruption" && shift.drift)
    throw new ConfigError("config: shift.unseen: got some beside a drift, expected none: clients move between domains");
  const domains = shift.kind === "corruption" ? shift.corruptions.length : shift.clusters;
  if (shift.unseen >= domains)
    throw new ConfigError(`config: shift.unseen: got ${shift.unseen} of ${domains} domains, expected fewer`);
  const first = domains - shift.unseen;
  return Array.from({ length: clients }, (_, client) => client).filter((client) => client % domains >= first);
}
