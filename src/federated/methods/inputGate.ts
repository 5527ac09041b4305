// A gate on raw inputs, which is as wide as they are, and that is not known before there is one.
import { sigmoid } from "../../autograd/ops/activation.ts";
import type { Tensor } from "../../autograd/tensor.ts";
import { Linear } from "../../nn/layers.ts";
import { Apply, Sequential } from "../../nn/module.ts";
import type { Net } from "../../nn/net.ts";
import type { Rated } from "../../nn/optimizers.ts";
import type { Kit } from "../kit.ts";

const gateOf = (width: number, hidden: number): Sequential =>
  new Sequential({ fc1: new Linear(width, hidden), sigmoid: new Apply(sigmoid), fc2: new Linear(hidden, 2) });

/** A gate, and what moves it beside the networks that it weighs. */
export interface Gate {
  readonly net: Net;
  readonly optimizer: Rated;
}

/** Gates by how many numbers an input has; each is made once. */
export function gates(kit: Kit, hidden: number, extractors: readonly Net[]): (width: number) => Gate {
  const made = new Map<number, Gate>();
  return (width) => {
    let found = made.get(width);
    if (!found) {
      const net = kit.net(gateOf(width, hidden));
      const optimizer = kit.optimizer([...extractors, net].map(({ parameters }) => parameters));
      made.set(width, (found = { net, optimizer }));
    }
    return found;
  };
}

/** How many numbers an input has. */
export const widthOf = (x: Tensor): number => x.size / x.shape[0]!;
