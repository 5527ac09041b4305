// Epsilons of Google's dp-accounting, as golden.py wrote them, and ours beside them.
import { readFileSync } from "node:fs";
import { epsilonOf } from "../../../src/federated/privacy/accountant.ts";
import { fixedSizeRdp, poissonRdp, rdpEpsilon } from "../../../src/federated/privacy/rdp.ts";

/** One mechanism of the grid, and what the yardstick says of it by losses, and by divergences for either sampling. */
export interface Row {
  readonly sigma: number;
  readonly q: number;
  readonly rounds: number;
  readonly delta: number;
  readonly pld: number;
  readonly poisson: number;
  readonly fixed: number;
}

export const rows: readonly Row[] = (
  JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as number[][]
).map(([sigma, q, rounds, delta, pld, poisson, fixed]) => ({ sigma, q, rounds, delta, pld, poisson, fixed }) as Row);

// the yardstick's divergences are taken at these
const orders = [...Array.from({ length: 62 }, (_, i) => i + 2), 128, 256, 512, 1024];

export type By = "pld" | "poisson" | "fixed";

/** Ours over theirs, minus 1. */
export interface Distance {
  readonly name: By;
  readonly distance: number;
}

export function distances({ sigma, q, rounds, delta, ...theirs }: Row, of: readonly By[]): Distance[] {
  const at = (rdp: (q: number, sigma: number, order: number) => number): number =>
    rdpEpsilon(orders.map((order) => rounds * rdp(q, sigma, order)), delta, orders); // prettier-ignore
  const ours = {
    pld: () => epsilonOf([{ share: q, multiplier: sigma, rounds, sampling: "poisson" }], delta, "pld"),
    poisson: () => at(poissonRdp),
    fixed: () => at(fixedSizeRdp),
  };
  return of.map((name) => ({ name, distance: theirs[name] > 0 ? ours[name]() / theirs[name] - 1 : ours[name]() }));
}
