// How each method looks, everywhere alike: its label, its colour and its symbol. A method that is not listed is shown
// under its own name in a neutral colour, so that a new one needs no line here to appear.
import type { SymbolType } from "@observablehq/plot";
import { color } from "./theme.ts";

/** A method's face. */
export interface MethodStyle {
  readonly label: string;
  readonly color: string;
  readonly symbol: SymbolType;
}

// in the order of every table
const styles: Readonly<Record<string, MethodStyle>> = {
  local: { label: "Local", color: color("local"), symbol: "triangle" },
  fedavg: { label: "FedAvg", color: color("fedavg"), symbol: "square" },
  finetuned: { label: "Fine-tuned", color: color("finetuned"), symbol: "diamond" },
  ensemble: { label: "Ensemble", color: color("ensemble"), symbol: "star" },
  gateOnly: { label: "Gate only", color: color("gateOnly"), symbol: "wye" },
  constantWeight: { label: "Constant weight", color: color("constantWeight"), symbol: "cross" },
  stackedGate: { label: "Stacked gate", color: color("quiet"), symbol: "asterisk" },
  threeWay: { label: "Three experts", color: color("threeWay"), symbol: "triangle2" },
  mixture: { label: "Mixture", color: color("mixture"), symbol: "circle" },
};

/** The methods of the paper's own figure. */
export const paperMethods: readonly string[] = ["local", "fedavg", "finetuned", "mixture"];

/** The face of a method, known or not. */
export function methodStyle(method: string): MethodStyle {
  return styles[method] ?? { label: method, color: color("quiet"), symbol: "asterisk" };
}

/** Methods without repetition, baselines first, unknown ones by name, the mixture last: so it is also drawn on top. */
export function methodOrder(methods: Iterable<string>): string[] {
  const known = Object.keys(styles);
  const rank = (method: string): number => {
    const at = known.indexOf(method);
    return at < 0 ? known.length - 1.5 : at;
  };
  return [...new Set(methods)].toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}
