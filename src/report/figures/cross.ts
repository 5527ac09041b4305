// A mean in the plane with its interval in both directions.
import { link } from "../plot.ts";
import type { Markish } from "@observablehq/plot";
import type { Stat } from "../records.ts";
import { inside } from "./axis.ts";
import type { Axis } from "./axis.ts";

/** A point of the local-global plane. */
export interface Place {
  readonly x: Stat;
  readonly y: Stat;
}

/** The 95 % intervals of places as crosses, cut at the plot's edge; a mean without an interval has none. */
export function crosses(places: readonly Place[], x: Axis, y: Axis, stroke: string, strokeWidth: number): Markish {
  const arms = places.flatMap(({ x: { mean: across, ci95: wide }, y: { mean: up, ci95: high } }) => [
    { x1: inside(x, across - wide), x2: inside(x, across + wide), y1: inside(y, up), y2: inside(y, up) },
    { x1: inside(x, across), x2: inside(x, across), y1: inside(y, up - high), y2: inside(y, up + high) },
  ]);
  const known = arms.filter(({ x1, y1 }) => Number.isFinite(x1 + y1));
  return link(known, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", stroke, strokeWidth });
}
