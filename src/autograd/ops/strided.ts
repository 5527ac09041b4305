// Elements at equal distances, and elements placed at equal distances among others: each is the other's gradient.
import { extra } from "../../runtime/extra.ts";
import { defineOp, type Op } from "../op.ts";
import { checkAxis, formatShape, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { overAxes, writeOut } from "./broadcast.ts";
import { fillInto } from "./fill.ts";

/** Per axis: the first element and the way to the next one. */
interface Lattice {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  /** The shape of the result. */
  readonly shape: Shape;
}

/** Throws unless every place of a lattice of `sizes` lies in `shape`. */
function checkLattice(op: string, shape: Shape, sizes: Shape, { starts, steps }: Lattice): void {
  const within = (place: number, i: number): boolean => Number.isInteger(place) && place >= 0 && place < shape[i]!;
  const fits = (n: number, i: number): boolean =>
    n === 0 || (within(starts[i]!, i) && within(starts[i]! + (n - 1) * steps[i]!, i) && Number.isInteger(steps[i]));
  const rank = shape.length;
  if (![sizes, starts, steps].every(({ length }) => length === rank) || !(sizes.includes(0) || sizes.every(fits)))
    throw new RangeError(
      `${op}: got ${formatShape(sizes)} places from ${formatShape(starts)} on by ${formatShape(steps)}, ` +
        `expected them to lie in ${formatShape(shape)}`,
    );
}

/** Address of the lattice's first element in a tensor, and the element strides from there. */
function onto({ ptr, shape }: Tensor, { starts, steps }: Lattice): { from: number; strides: number[] } {
  // an axis of one element has a stride too: what lies in front of it may be skipped
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((n, size) => n * size, 1));
  const from = ptr + 4 * starts.reduce((sum, start, i) => sum + start * strides[i]!, 0);
  return { from, strides: strides.map((stride, i) => stride * steps[i]!) };
}

const stridedOp: Op<readonly [Tensor], Lattice> = /* @__PURE__ */ defineOp<readonly [Tensor], Lattice>({
  name: "strided",
  shape: ([x], lattice) => {
    checkLattice("strided", x.shape, lattice.shape, lattice);
    return lattice.shape;
  },
  forward: (y, [x], lattice) => {
    const { from, strides } = onto(x, lattice);
    writeOut(x, y, strides, from);
  },
  vjp: [(g, { x: [x], attrs }) => placeOp([g], { ...attrs, shape: x.shape, value: 0 })],
});

interface Placed extends Lattice {
  /** What lies between. */
  readonly value: number;
}

const placeOp: Op<readonly [Tensor], Placed> = /* @__PURE__ */ defineOp<readonly [Tensor], Placed>({
  name: "place",
  shape: ([x], lattice) => {
    checkLattice("place", lattice.shape, x.shape, lattice);
    return lattice.shape;
  },
  forward: (y, [x], lattice) => {
    fillInto(y, lattice.value);
    const { from, strides } = onto(y, lattice);
    const { place } = extra();
    overAxes((strided, dense, d, s) => place(dense, strided, ...d, ...s), from, x.ptr, x.shape, strides);
  },
  vjp: [(g, { x: [x], attrs: { starts, steps } }) => stridedOp([g], { starts, steps, shape: x.shape })],
});

/** Along every axis every so many elements, beginning with the first. */
export function subsample(x: Tensor, steps: readonly number[]): Tensor<"f32"> {
  if (steps.length !== x.shape.length || steps.some((step) => !(Number.isInteger(step) && step >= 1)))
    throw new RangeError(
      `subsample: got steps ${steps.join()}, expected an integer of at least 1 for each axis of ${formatShape(x.shape)}`,
    );
  return stridedOp([x], {
    starts: steps.map(() => 0),
    steps,
    shape: x.shape.map((size, i) => Math.ceil(size / steps[i]!)),
  });
}

/** The elements of one axis in reverse order. */
export function flip(x: Tensor, axis: number): Tensor<"f32"> {
  const at = checkAxis("flip", x.shape, axis);
  return stridedOp([x], {
    starts: x.shape.map((size, i) => (i === at ? Math.max(0, size - 1) : 0)),
    steps: x.shape.map((_, i) => (i === at ? -1 : 1)),
    shape: x.shape,
  });
}

/**
 * More elements around those of x, all of one value.
 * @param widths for every axis how many in front and how many behind
 */
export function pad(
  x: Tensor,
  widths: readonly (readonly [before: number, after: number])[],
  { value = 0 }: { value?: number } = {},
): Tensor<"f32"> {
  if (
    widths.length !== x.shape.length ||
    widths.some(
      (of) => !(Array.isArray(of) && of.length === 2 && of.every((width) => Number.isInteger(width) && width >= 0)),
    )
  )
    throw new RangeError(
      `pad: got [${widths.join(" ")}], expected two integers of at least 0 for each axis of ${formatShape(x.shape)}`,
    );
  return placeOp([x], {
    starts: widths.map(([before]) => before),
    steps: x.shape.map(() => 1),
    shape: x.shape.map((size, i) => size + widths[i]![0] + widths[i]![1]),
    value,
  });
}
