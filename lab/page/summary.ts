// A set-up in a few words, for where its form does not fit.
import type { Config } from "../../src/experiment/config.ts";

/** `20 clients, p = 0.6, 30 % opted out, seed 1`. */
export function summaryOf({ clients, partition, optOut, ownRowsKeptBack, fidelity, seed }: Config): string {
  const parts = [
    `${clients} clients`,
    partition.kind === "majority"
      ? `p = ${partition.p}`
      : "alpha" in partition
        ? `α = ${partition.alpha}`
        : partition.kind,
    optOut > 0 ? `${percent(optOut)} opted out` : "",
    ownRowsKeptBack > 0 ? `${percent(ownRowsKeptBack)} of rows kept back` : "",
    fidelity === "paper" ? "" : "the authors’ code",
    `seed ${seed}`,
  ];
  return parts.filter(Boolean).join(", ");
}

function percent(part: number): string {
  return `${Math.round(100 * part)} %`;
}
