// What a client's models say of a row of which numbers are asked: the numbers, and how far they are from those that are right.
import type { Answers } from "../messages.ts";
import { trustGauge, waiting } from "./answers.ts";
import { el } from "./element.ts";
import { inlineMark } from "./marks.ts";

/** The answers as elements; `names` of the numbers that are asked for, and those that are right, where they are known. */
export function estimatesFigure(
  { generalist, own }: Answers,
  names: readonly string[],
  truth?: readonly number[],
): HTMLElement[] {
  const voices = [
    ...(own ? [["finetuned", "Specialist", own.specialist] as const] : []),
    ["fedavg", "Generalist", generalist] as const,
    ...(own ? [["mixture", "Mixture", own.mixture] as const] : []),
  ];
  const said = (values: readonly number[], i: number): HTMLElement => {
    const off = truth && values[i]! - truth[i]!;
    return el(
      "dd",
      {},
      names.length > 1 ? `${names[i]}: ` : "",
      el("b", {}, written(values[i]!)),
      off === undefined ? "" : `${written(Math.abs(off))} too ${off < 0 ? "low" : "high"}`,
    );
  };
  return [
    ...(truth
      ? [
          el(
            "p",
            { class: "truth" },
            ...names.flatMap((name, i) => [`${i > 0 ? ", " : ""}${name} is: `, el("b", {}, written(truth[i]!))]),
          ),
        ]
      : []),
    el(
      "dl",
      { class: "verdicts" },
      ...voices.map(([model, label, values]) =>
        el("div", {}, el("dt", {}, inlineMark(model), label), ...names.map((_, i) => said(values, i))),
      ),
    ),
    own ? trustGauge(own.trust) : waiting(),
  ];
}

// in the unit of the targets, which may be any
function written(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 5, useGrouping: false });
}
