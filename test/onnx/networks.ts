// Networks to be exported, of all that can be, and a few rows for each.
import {
  add,
  clip,
  elu,
  erf,
  gelu,
  groupNorm,
  leakyRelu,
  logSigmoid,
  mean,
  mul,
  permute,
  reshape,
  silu,
  slice,
  softmax,
  sub,
} from "../../src/autograd/index.ts";
import {
  Apply,
  AvgPool2d,
  BatchNorm,
  Conv1d,
  Conv2d,
  Convolution,
  Dropout,
  Flatten,
  GroupNorm,
  LayerNorm,
  lenetFashion,
  Linear,
  LoraLinear,
  Net,
  resnet,
  Sequential,
  Transformer,
} from "../../src/nn/index.ts";

import { type Exported, opNetworks } from "./opNetworks.ts";

export const networks: Readonly<Record<string, Exported>> = {
  ...opNetworks,
  lenet: { module: lenetFashion(), shape: [1, 28, 28] },
  resnet: { module: resnet(8, { width: 4 }), shape: [3, 16, 16] },
  tiles: { module: new Convolution(16, 17, 3, { pad: 1 }), shape: [16, 8, 8] },
  transformer: {
    module: new Transformer({ words: 11, length: 7, width: 8, heads: 2, layers: 2 }),
    shape: [7],
    words: 11,
  },
  norms: {
    module: new Sequential({
      conv: new Convolution(2, 4, 3, { pad: "same", stride: 2 }),
      batch: new BatchNorm(4),
      group: new GroupNorm(2, 4),
      pool: new AvgPool2d(2),
      flat: new Flatten(),
      layer: new LayerNorm([16]),
      drop: new Dropout(),
      low: new LoraLinear(16, 3),
    }),
    shape: [2, 8, 8],
  },
  windows: {
    module: new Sequential({
      conv: new Conv1d(2, 4, 3, { pad: 1 }),
      turned: new Apply((x) => permute(x, [0, 2, 1])),
      mean: new Apply((x) => mean(x, { axis: 1 })),
      out: new Linear(4, 2),
    }),
    shape: [2, 12],
  },
  functions: {
    module: new Sequential({
      in: new Linear(4, 6),
      curves: new Apply((x) => add(gelu(x), mul(silu(x), sub(elu(x), leakyRelu(x, { slope: 0.2 }))))),
      more: new Apply((x) => add(erf(x), add(logSigmoid(x), clip(x, { low: -0.5, high: 0.25 })))),
      part: new Apply((x) => softmax(slice(x, { axis: 1, from: 1, to: 5 }))),
      group: new Apply((x) => groupNorm(reshape(x, [-1, 4, 1]), 2, null, null)),
      wide: new Apply((x) => reshape(x, [-1, 4])),
    }),
    shape: [4],
  },
  image: {
    module: new Sequential({
      conv: new Conv2d(1, 2, 3, { relu: true, pad: 1 }),
      flat: new Flatten(),
      out: new Linear(72, 3),
    }),
    shape: [1, 6, 6],
  },
};

/** Their nets, with statistics that are not those of the beginning. */
export function netOf(name: string): Net {
  const net = new Net(networks[name]!.module, { group: "private" }).init(1);
  for (const [i, { statistic, name: of }] of net.parameters.specs.entries())
    if (statistic && /running|mean|var/.test(of)) {
      const t = net.parameters.tensors[i]!;
      t.set(t.toArray().map((value, j) => value + 0.1 * ((j % 3) + 1)));
    }
  return net;
}
