// How each method looks, everywhere alike: its label, its colour and its symbol. A method that is not listed is shown
// under its own name in a neutral colour, so that a new one needs no line here to appear.
import { color } from "./theme.ts";

/** Symbols by the names that Observable Plot has for them. */
export type SymbolName =
  | "asterisk"
  | "circle"
  | "cross"
  | "diamond"
  | "diamond2"
  | "hexagon"
  | "plus"
  | "square"
  | "square2"
  | "star"
  | "times"
  | "triangle"
  | "triangle2"
  | "wye";

/** A method's face. */
export interface MethodStyle {
  /** As figures and tables call it. */
  readonly label: string;
  /** A CSS colour. */
  readonly color: string;
  /** At its points. */
  readonly symbol: SymbolName;
}

// in the order of every table
const styles: Readonly<Record<string, MethodStyle>> = {
  majorityClass: { label: "Majority class", color: color("quiet"), symbol: "times" },
  labelLaw: { label: "Generalist × label law", color: color("constantWeight"), symbol: "plus" },
  local: { label: "Local", color: color("local"), symbol: "triangle" },
  fedavg: { label: "FedAvg", color: color("fedavg"), symbol: "square" },
  finetuned: { label: "Fine-tuned", color: color("finetuned"), symbol: "diamond" },
  ensemble: { label: "Ensemble", color: color("ensemble"), symbol: "star" },
  gateOnly: { label: "Gate only", color: color("gateOnly"), symbol: "wye" },
  constantWeight: { label: "Constant weight", color: color("constantWeight"), symbol: "cross" },
  stackedGate: { label: "Stacked gate", color: color("quiet"), symbol: "asterisk" },
  threeWay: { label: "Three experts", color: color("threeWay"), symbol: "triangle2" },
  calibrated: { label: "Calibrated FedAvg", color: color("fedavg"), symbol: "square2" },
  blend: { label: "Tuned and label law", color: color("finetuned"), symbol: "diamond2" },
  constantBlend: { label: "Constant, same experts", color: color("constantWeight"), symbol: "cross" },
  permuted: { label: "Posterior, permuted", color: color("threeWay"), symbol: "triangle2" },
  reweightedGate: { label: "Re-weighted gate", color: color("quiet"), symbol: "asterisk" },
  platt: { label: "Posterior, Platt", color: color("gateOnly"), symbol: "triangle" },
  posterior: { label: "Posterior gate", color: color("gateOnly"), symbol: "hexagon" },
  pooled: { label: "Tuned and label law, pooled", color: color("finetuned"), symbol: "wye" },
  pooledGate: { label: "Posterior gate, pooled", color: color("gateOnly"), symbol: "star" },
  featureGate: { label: "Feature gate", color: color("local"), symbol: "hexagon" },
  stream: { label: "Stream", color: color("mixture"), symbol: "star" },
  streamBlocks: { label: "Stream, blocks of 20", color: color("mixture"), symbol: "wye" },
  streamAlternating: { label: "Stream, alternating", color: color("mixture"), symbol: "triangle" },
  mixture: { label: "Mixture", color: color("mixture"), symbol: "circle" },
};

/** What costs nothing: no method, but what every method is to be above. */
export const floors: readonly string[] = ["majorityClass", "labelLaw"];

/** The methods of the paper's own figure. */
export const paperMethods: readonly string[] = ["local", "fedavg", "finetuned", "mixture"];

// for all others: a face that is the same in every figure, picked by the name; not in the inks of the paper's own
const inks = ["gateOnly", "threeWay", "ensemble", "brick", "moss", "umber", "berry", "slate"] as const;
const symbols = ["square2", "triangle2", "diamond2", "wye", "star", "cross", "hexagon"] as const;

// these are lines, and nothing of them can be filled
const lines: ReadonlySet<unknown> = new Set(["times", "plus", "asterisk"]);

/** How a mark of this style is inked: filled with an edge around it, or, where a symbol is lines, stroked. */
export function inked(
  { symbol, color: ink }: MethodStyle,
  edge?: string,
): { readonly fill?: string; readonly stroke?: string } {
  return lines.has(symbol) ? { stroke: ink } : { fill: ink, ...(edge !== undefined && { stroke: edge }) };
}

/** The face of a method, known or not. */
export function methodStyle(method: string): MethodStyle {
  const known = styles[method];
  if (known) return known;
  let hash = 0;
  for (const letter of method) hash = (31 * hash + letter.codePointAt(0)!) % 65_521;
  return {
    label: method,
    color: color(inks[hash % inks.length]!),
    symbol: symbols[Math.floor(hash / inks.length) % symbols.length]!,
  };
}

/** What a report is about: one method, and those it is held against. */
export interface Focus {
  readonly method: string;
  readonly against: readonly string[];
}

/**
 * Of methods in the order of their records: the mixture against what it is made from where it is there; else the last one
 * that was asked for, against training alone and FedAvg, or against the others.
 */
export function focusOf(all: readonly string[]): Focus {
  const methods = all.filter((name) => !floors.includes(name));
  const among = (names: readonly string[]): string[] => names.filter((name) => methods.includes(name));
  if (methods.includes("mixture")) return { method: "mixture", against: among(["local", "finetuned"]) };
  // "ditto-shared" is another answer of ditto's
  const asked = methods.filter((name) => !methods.some((other) => name.startsWith(`${other}-`)));
  const method = asked.at(-1) ?? methods.at(-1) ?? "";
  const usual = among(["local", "fedavg"]).filter((name) => name !== method);
  return { method, against: usual.length > 0 ? usual : asked.filter((name) => name !== method).slice(0, 2) };
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
