// Earlier runs in the plane: where the means of their models were, faint and numbered.
import type { PlaneDomain } from "../../src/report/figures/plane.ts";
import type { Ghost } from "./earlier.ts";
import { svg } from "./element.ts";
import { inkOf, modelName, shapeOf } from "./marks.ts";
import { own, type Place } from "./notebook.ts";

// percent between a ghost and the figure's edge
const margin = 2;

/** A domain in which ghosts have a place, too. */
export function around({ x, y }: PlaneDomain, ghosts: readonly Ghost[]): PlaneDomain {
  const places = ghosts.flatMap(({ reached }) => own.flatMap((model) => reached[model] ?? []));
  const wide = ([from, to]: PlaneDomain["x"], values: readonly number[]): [number, number] => [
    Math.max(0, Math.min(from, ...values.map((value) => value - margin))),
    Math.min(100, Math.max(to, ...values.map((value) => value + margin))),
  ];
  return { x: wide(x, places.map(({ localTest }) => localTest)), y: wide(y, places.map(({ globalTest }) => globalTest)) }; // prettier-ignore
}

/** Draws ghosts into a group, where they are not there already. */
export function drawGhosts(group: SVGGElement, ghosts: readonly Ghost[], at: (place: Place) => [number, number]): void {
  const wanted = ghosts.flatMap(({ number, name, reached }) =>
    own.flatMap((model) => {
      const place = reached[model];
      return place ? [{ number, name, model, place, pixels: at(place).map((n) => n.toFixed(1)) }] : [];
    }),
  );
  const drawn = JSON.stringify(wanted.map(({ number, name, model, pixels }) => [number, name, model, pixels]));
  if (group.dataset["drawn"] === drawn) return;
  group.dataset["drawn"] = drawn;
  group.replaceChildren(
    ...wanted.map(({ number, name, model, place, pixels: [x, y] }) =>
      svg(
        "g",
        { transform: `translate(${x} ${y})` },
        svg("title", {}, `run ${number}, ${name}: ${modelName(model)}, local ${place.localTest.toFixed(1)} %, global ${place.globalTest.toFixed(1)} %`), // prettier-ignore
        svg("path", { d: shapeOf(model), style: `stroke: ${inkOf(model)}` }),
        model === "mixture" ? svg("text", { y: -9, style: `fill: ${inkOf(model)}` }, String(number)) : null,
      ),
    ),
  );
}
