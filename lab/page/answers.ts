// What a client's models say of a picture: their first choices, and whether these are right, the trust, and all probabilities.
import type { Answers } from "../messages.ts";
import { el } from "./element.ts";
import { inkOf, inlineMark } from "./marks.ts";
import type { Model } from "./notebook.ts";

interface Voice {
  readonly model: Model;
  readonly label: string;
  readonly probabilities: readonly number[];
}

// beyond this many classes only the likeliest are listed
const most = 10;

/** The answers as elements; `classNames` in label order, and the class that is the true one, where that is known. */
export function answersFigure(
  { generalist, own }: Answers,
  classNames: readonly string[],
  truth?: number,
): HTMLElement[] {
  const voices: Voice[] = [{ model: "fedavg", label: "Generalist", probabilities: generalist }];
  if (own) {
    voices.unshift({ model: "finetuned", label: "Specialist", probabilities: own.specialist });
    voices.push({ model: "mixture", label: "Mixture", probabilities: own.mixture });
  }
  return [
    ...(truth === undefined
      ? []
      : [el("p", { class: "truth" }, "It is: ", el("b", {}, classNames[truth] ?? String(truth)))]),
    el("dl", { class: "verdicts" }, ...voices.map((voice) => verdict(voice, classNames, truth))),
    own ? trustGauge(own.trust) : waiting(),
    bars(voices, classNames, truth),
  ];
}

function verdict(
  { model, label, probabilities }: Voice,
  classNames: readonly string[],
  truth: number | undefined,
): HTMLElement {
  const best = probabilities.indexOf(Math.max(...probabilities));
  const isRight = best === truth;
  const tick = [
    el("span", { class: isRight ? "helped" : "harmed", "aria-hidden": "true" }, isRight ? " ✓" : " ✗"),
    el("span", { class: "hidden" }, isRight ? ", right" : ", wrong"),
  ];
  return el(
    "div",
    {},
    el("dt", {}, inlineMark(model), label),
    el(
      "dd",
      {},
      el("b", {}, classNames[best] ?? String(best), ...(truth === undefined ? [] : tick)),
      percent(probabilities[best] ?? 0),
    ),
  );
}

/** That a client has no models of its own yet. */
export function waiting(): HTMLElement {
  return el(
    "p",
    { class: "hint" },
    "Only the generalist can answer as yet: this client’s specialist and gate are still to be trained.",
  );
}

/** How far a client's gate trusts its specialist. */
export function trustGauge(trust: number): HTMLElement {
  const place = `${(100 * trust).toFixed(1)}%`;
  return el(
    "div",
    { class: "gauge", role: "img", "aria-label": `Trust in the specialist ${trust.toFixed(2)}` },
    el("span", {}, "generalist"),
    el(
      "div",
      { class: "rail" },
      el("i", { style: `left: ${place}` }),
      el("b", { style: `left: ${place}` }, trust.toFixed(2)),
    ),
    el("span", {}, "specialist"),
  );
}

function bars(voices: readonly Voice[], classNames: readonly string[], truth: number | undefined): HTMLElement {
  const last = voices.at(-1)!.probabilities;
  const order = classNames.map((_, i) => i);
  const listed = classNames.length <= most ? order : order.toSorted((a, b) => last[b]! - last[a]!).slice(0, most);
  return el(
    "div",
    { class: "bars" },
    ...listed.map((i) =>
      el(
        "div",
        {
          class: i === truth ? "class true" : "class",
          role: "img",
          "aria-label": `${classNames[i]}: ${voices.map(({ label, probabilities }) => `${label} ${percent(probabilities[i]!)}`).join(", ")}`,
        },
        el("span", {}, classNames[i]!),
        el(
          "div",
          {},
          ...voices.map(({ model, probabilities }) =>
            el("i", { style: `width: ${(100 * probabilities[i]!).toFixed(1)}%; background: ${inkOf(model)}` }),
          ),
        ),
      ),
    ),
  );
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(0)} %`;
}
