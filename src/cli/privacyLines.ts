// What noise has cost, for people.
import type { PrivacyResult, Summary } from "../report/records.ts";

/** What noise guarantees, federation by federation. */
export function privacyLines({ federations = {} }: Pick<Summary, "federations">): string[] {
  return Object.entries(federations).flatMap(([name, { privacy }]) =>
    privacy ? [`privacy  ${name}: ${lineOf(privacy)}`] : [],
  );
}

function lineOf(privacy: PrivacyResult): string {
  const { epsilon, delta, rounds, multiplier } = privacy;
  const cost = `epsilon ${epsilon.toPrecision(3)} at delta ${delta}`;
  const noise = `noise multiplier ${multiplier.toPrecision(3)}`;
  if (privacy.kind === "central")
    return `a client's part is hidden with ${cost} (central, ${privacy.noise ?? "simulated"} noise; ${rounds} rounds, ${noise})`;
  const { stopped } = privacy;
  return (
    `each client hides what it sends: ${cost} for the one that answered most (local, simulated noise; ${rounds} answers, ${noise})` +
    (stopped > 0 ? `; ${stopped} at their budget` : "")
  );
}
