// The second half of adaptive expert models (Isaksson et al. 2022): a softmax gate over all models of a federation and the one that the
// client trained alone. Here the gate learns by itself; the authors' other variant, which trains the experts along, is not built.
import { exp } from "../../autograd/ops/unary.ts";
import { slice } from "../../autograd/ops/slice.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { noGrad } from "../../autograd/op.ts";
import { scope } from "../../autograd/tensor.ts";
import type { Examples } from "../../nn/examples.ts";
import { Linear } from "../../nn/layers.ts";
import { type Module, Sequential } from "../../nn/module.ts";
import { Net } from "../../nn/net.ts";
import { fold } from "../../runtime/random.ts";
import { mixedLogp } from "../../federated/mixed.ts";
import { trainGateOver } from "../gateOver.ts";
import { personal, type Personal } from "../personal.ts";

/** The experiment's gate with as many outputs as there are experts. */
export function gateOfWidth(gate: Module, width: number): Module {
  const parts = gate.split?.();
  if (!parts)
    throw new TypeError("experts: got a gate that cannot be split, expected a Sequential that ends in a layer");
  return new Sequential({ seen: parts.body, weigh: new Linear(parts.head.specs[0]!.shape.at(-1)!, width) });
}

export const experts: Personal = personal({
  name: "experts",
  paper: "arXiv 2206.07832",
  about: "all models that a federation's answer is made of and the client's own, weighed by a gate that sees the input",
  // `alone` is the expert beside the federation's: another value's name, or "none"
  options: ({ mixture: { lr, epochs } }) => ({ of: "own", alone: "local", lr, epochs }),
  ranges: { lr: { min: 0 }, epochs: { min: 0, whole: true } },
  *make(desk, { of, alone, lr, epochs }) {
    const shared = yield* desk.partsOf(of);
    const parts = alone === "none" ? shared : [...shared, yield* desk.of(alone)];
    const { gate: like, init } = desk.options;
    const gate = desk.kept.add(new Net(gateOfWidth(like, parts.length), { group: "private" })).init(init.gate);
    const options = { ...desk.settings.mixture, lr, epochs };
    const fit = yield* trainGateOver(
      { gate, parts, mix: (of, z) => mixedLogp(of, logSoftmax(z)) },
      desk.own,
      options,
      fold(desk.key, "experts"),
    );
    const z = desk.outputs(gate, parts.length);
    const last = parts.length - 1;
    const weights = (examples: Examples): ArrayLike<number> =>
      scope(() => noGrad(() => slice(exp(logSoftmax(z.on(examples))), { axis: 1, from: last }).toArray()));
    return desk.combined([...parts, z], (...all) => mixedLogp(all.slice(0, -1), logSoftmax(all.at(-1)!)), {
      fit,
      nets: { gate },
      ...(alone !== "none" && { weights }),
    });
  },
});
