// Shapes, parts, picks and reductions.
import type { Tensor } from "../../autograd/tensor.ts";
import type { Builder } from "../builder.ts";
import { INT32, names, reshaped, type Rules } from "../rule.ts";

interface Lattice {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly shape: readonly number[];
}

interface Range {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  readonly step?: number;
}

interface Run {
  readonly from: number;
  readonly to: number;
}

const within = ({ from, to }: Run): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Zeros of y's shape, to which the elements of `g` are added along an axis at these numbers. */
function put(to: Builder, y: Tensor, g: Tensor, numbers: Tensor, axis: number): string {
  const { shape } = y;
  const parts = [...shape.slice(0, axis), numbers.size, ...shape.slice(axis + 1)];
  const zeros = to.node("ConstantOfShape", [to.sizes(shape)]);
  const beside = reshaped(to, to.name(numbers), [numbers.size]);
  const along = to.node("Reshape", [beside, to.sizes(shape.map((_, i) => (i === axis ? -1 : 1)))]);
  const everywhere = to.node("Expand", [along, to.sizes(parts)]);
  const updates = to.node("Reshape", [to.name(g), to.sizes(parts)]);
  return to.node("ScatterElements", [zeros, everywhere, updates], { axis, reduction: "add" });
}

export const arrays: Rules = {
  reshape: (to, y, [x]) => reshaped(to, to.name(x!), y.shape),
  permute: (to, _, [x], order: readonly number[]) => to.node("Transpose", [to.name(x!)], { perm: order }),
  slice: (to, _, [x], { axis, from, to: until, step = 1 }: Range) => {
    const whole = axis === 0 && from === 0 && until === x!.shape[0];
    const ends = whole ? 2 ** 31 : until;
    return to.node("Slice", [to.name(x!), to.sizes([from]), to.sizes([ends]), to.sizes([axis]), to.sizes([step])]);
  },
  strided: (to, _, [x], { starts, steps, shape }: Lattice) => {
    const axes = starts.flatMap((from, i) => (from === 0 && steps[i] === 1 && shape[i] === x!.shape[i] ? [] : [i]));
    if (axes.length === 0) return to.node("Identity", [to.name(x!)]);
    // in front of the first element is no place that a number from 0 on names
    const ends = axes.map((i) => {
      const end = starts[i]! + steps[i]! * shape[i]!;
      return end < 0 ? -(2 ** 31) : end;
    });
    const at = (of: readonly number[]): string => to.sizes(axes.map((i) => of[i]!));
    return to.node("Slice", [to.name(x!), at(starts), to.sizes(ends), to.sizes(axes), at(steps)]);
  },
  place: (to, y, [x], { starts, steps, value }: Lattice & { value: number }) => {
    if (steps.some((step) => step !== 1))
      throw new RangeError(
        `onnx: place, got steps ${steps.join()}, expected 1 along every axis; export a net without it`,
      );
    const after = y.shape.map((size, i) => size - starts[i]! - x!.shape[i]!);
    return to.node("Pad", [to.name(x!), to.sizes([...starts, ...after]), to.constant([value], [])]);
  },
  concat: (to, _, x, axis: number) => to.node("Concat", names(to, x), { axis }),
  sum: (to, _, [x], { axes, keep }: { axes: readonly number[]; keep: boolean }) =>
    axes.length === 0
      ? to.node("Identity", [to.name(x!)])
      : to.node("ReduceSum", [to.name(x!), to.sizes(axes)], { keepdims: Number(keep) }),
  expand: (to, y, [x]) => to.node("Expand", [to.name(x!), to.sizes(y.shape)]),
  max: (to, _, [x], run: Run) => to.node("ReduceMax", [to.name(x!)], { axes: within(run), keepdims: 1 }),
  logSumExp: (to, _, [x], run: Run) => to.node("ReduceLogSumExp", [to.name(x!)], { axes: within(run), keepdims: 1 }),
  cumsum: (to, _, [x], { axis, reverse }: { axis: number; reverse: boolean }) =>
    to.node("CumSum", [to.name(x!), to.constant([axis], [], "i64")], { reverse: Number(reverse) }),
  embedding: (to, _, [w, words]) => to.node("Gather", [to.name(w!), to.name(words!)], { axis: 0 }),
  gather: (to, _, [x, rows]) => to.node("Gather", [to.name(x!), to.name(rows!)], { axis: 0 }),
  take: (to, _, [x, numbers], { axis }: { axis: number }) =>
    to.node("Gather", [to.name(x!), to.name(numbers!)], { axis }),
  scatterAdd: (to, y, [g, rows]) => put(to, y, g!, rows!, 0),
  put: (to, y, [g, numbers], { axis }: { axis: number }) => put(to, y, g!, numbers!, axis),
  topK: (to, _, [x], k: number) => {
    const [, numbers] = to.nodeOf(2, "TopK", [to.name(x!), to.sizes([k])], { axis: -1 });
    return to.node("Cast", [numbers!], { to: INT32 });
  },
};
