// Every convolution of the model zoo at the batch sizes of training, forward (with bias) and both gradients.
import { engine } from "../../src/runtime/engine.ts";
import { persistent, type Tensor } from "../../src/autograd/tensor.ts";
import { floats } from "../data.ts";
import type { Case, Prepared, Suite } from "../suite.ts";

interface Layer {
  readonly title: string;
  readonly ic: number;
  /** Height and width of the input. */
  readonly size: number;
  readonly oc: number;
}

const KERNEL = 5;
const layers: readonly Layer[] = [
  { title: "CIFAR conv1", ic: 3, size: 32, oc: 6 },
  { title: "CIFAR conv2", ic: 6, size: 14, oc: 16 },
  { title: "Fashion conv1", ic: 1, size: 28, oc: 6 },
  { title: "Fashion conv2", ic: 6, size: 12, oc: 12 },
];

type Operand = "x" | "w" | "b" | "y";
type Pass = (t: Readonly<Record<Operand, Tensor>>, shape: Shape) => { run: () => void; out: Tensor; free: () => void };
type Shape = readonly [number, number, number, number, number, number, number, number, number];

// the kernels alone: in a step their results go straight into a parameter's gradient slot
const passes: Readonly<Record<"forward" | "gradInput" | "gradWeight", Pass>> = {
  forward: ({ x, w, b, y }, shape) => {
    const { kernels } = engine();
    const scratch = bytes(kernels.conv2dScratchBytes(...shape));
    const run = (): void => kernels.conv2d(x.ptr, w.ptr, b.ptr, y.ptr, ...shape, 0, scratch.ptr);
    return { run, out: y, free: () => scratch.dispose() };
  },
  gradInput: ({ x, w, y }, shape) => {
    const { kernels } = engine();
    const scratch = bytes(kernels.conv2dGradInputScratchBytes(...shape));
    const run = (): void => kernels.conv2dGradInput(y.ptr, w.ptr, x.ptr, ...shape, scratch.ptr);
    return { run, out: x, free: () => scratch.dispose() };
  },
  gradWeight: ({ x, w, y }, shape) => {
    const { kernels } = engine();
    const scratch = bytes(kernels.conv2dGradWeightScratchBytes(...shape));
    const run = (): void => kernels.conv2dGradWeight(x.ptr, y.ptr, w.ptr, ...shape, scratch.ptr);
    return { run, out: w, free: () => scratch.dispose() };
  },
};

function bytes(count: number): Tensor {
  return persistent([count], "u8");
}

function convolve({ title, ic, size, oc }: Layer, pass: keyof typeof passes, batch: number): Case {
  const out = size - KERNEL + 1;
  const prepare = (): Prepared => {
    const operands = {
      x: persistent([batch, ic, size, size]),
      w: persistent([oc, ic, KERNEL, KERNEL]),
      b: persistent([oc]),
      y: persistent([batch, oc, out, out]),
    };
    for (const [i, t] of Object.values(operands).entries()) t.set(floats(i + 1, t.size));
    const { run, out: result, free } = passes[pass](operands, [batch, ic, size, size, oc, KERNEL, KERNEL, 1, 0]);
    return {
      run,
      check: () => {
        run();
        return result.toArray();
      },
      dispose: () => {
        free();
        Object.values(operands).forEach((t) => t.dispose());
      },
    };
  };
  return {
    name: `${title} ${pass} batch ${batch}`,
    flops: 2 * batch * oc * out * out * ic * KERNEL * KERNEL,
    task: { op: `conv2d.${pass}`, batch, ic, size, oc, kernel: KERNEL },
    direct: true,
    prepare,
  };
}

export const conv: Suite = {
  name: "conv",
  about: "the convolutions of the model zoo, 5x5, stride 1, no padding; the first layer's input needs no gradient",
  cases: layers.flatMap((layer) =>
    (["forward", "gradInput", "gradWeight"] as const)
      .filter((pass) => pass !== "gradInput" || layer.ic > 3)
      .flatMap((pass) => [convolve(layer, pass, 10), convolve(layer, pass, 128)]),
  ),
};
