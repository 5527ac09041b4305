// Residual networks for images of CIFAR's size (He et al. 2015, arXiv 1512.03385, section 4.2).
import { relu } from "../autograd/ops/activation.ts";
import { add } from "../autograd/ops/add.ts";
import { pad, subsample } from "../autograd/ops/strided.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { Combined } from "./combine.ts";
import { Convolution } from "./convolution.ts";
import { Linear } from "./layers.ts";
import { Apply, type Module, Sequential } from "./module.ts";
import { BatchNorm, GroupNorm } from "./norm.ts";
import { AdaptiveAvgPool2d, Flatten } from "./pooling.ts";

/** How deep a residual network is, and how it normalises. */
export interface ResnetOptions {
  /** How many classes it tells, 10 unless said. */
  readonly classes?: number;
  /** Of the images. */
  readonly channels?: number;
  /** Of the first stage, 16 unless said; each stage has twice those before. */
  readonly width?: number;
  /** Group norm has no statistics that clients with different data would have to share (Hsieh et al. 2020). */
  readonly norm?: "batch" | "group";
}

/** The input where a block halves its sides and doubles its channels: every second pixel, and channels of zeros. */
function shortcut(x: Tensor, outputs: number): Tensor {
  if (x.shape[1] === outputs) return x;
  const half = subsample(x, [1, 1, 2, 2]);
  const missing = outputs - x.shape[1]!;
  const before = Math.floor(missing / 2);
  return pad(half, [
    [0, 0],
    [before, missing - before],
    [0, 0],
    [0, 0],
  ]);
}

function block(inputs: number, outputs: number, norm: (width: number) => Module): Module {
  const stride = inputs === outputs ? 1 : 2;
  const children = {
    conv1: new Convolution(inputs, outputs, 3, { stride, pad: 1, bias: false }),
    bn1: norm(outputs),
    conv2: new Convolution(outputs, outputs, 3, { pad: 1, bias: false }),
    bn2: norm(outputs),
  };
  return new Combined(children, ({ conv1, bn1, conv2, bn2 }, x, mode) => {
    const inner = relu(bn1(conv1(x, mode), mode));
    return relu(add(bn2(conv2(inner, mode), mode), shortcut(x, outputs)));
  });
}

/**
 * [batch, channels, h, w] to logits [batch, classes]: three stages of residual blocks behind a convolution.
 * @param depth 6 n + 2 layers with n blocks a stage: 8 (75,290 parameters in batch norm, for 10 classes), 20 (269,722), 32, ...
 */
export function resnet(depth: number, options: ResnetOptions = {}): Module {
  const { classes = 10, channels = 3, width = 16, norm: kind = "batch" } = options;
  const blocks = (depth - 2) / 6;
  if (!(Number.isInteger(blocks) && blocks >= 1))
    throw new RangeError(`resnet: got depth ${depth}, expected 8, 14, 20, ..., which are 6 n + 2`);
  const norm = (of: number): Module => (kind === "batch" ? new BatchNorm(of) : new GroupNorm(Math.min(8, of), of));
  const stage = (inputs: number, outputs: number): Module =>
    new Sequential(
      Object.fromEntries(
        Array.from({ length: blocks }, (_, i) => [`block${i}`, block(i ? outputs : inputs, outputs, norm)]),
      ),
    );
  return new Sequential({
    conv1: new Convolution(channels, width, 3, { pad: 1, bias: false }),
    bn1: norm(width),
    relu: new Apply(relu),
    layer1: stage(width, width),
    layer2: stage(width, 2 * width),
    layer3: stage(2 * width, 4 * width),
    pool: new AdaptiveAvgPool2d(1),
    flat: new Flatten(),
    linear: new Linear(4 * width, classes),
  });
}
