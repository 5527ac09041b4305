// Features of two kinds of rows brought together: a discriminator learns to tell them apart, and then the body learns with each called by
// the other's name, until it cannot be told any more.
import { noGrad } from "../../autograd/op.ts";
import { nll } from "../../autograd/ops/nll.ts";
import { concat } from "../../autograd/ops/slice.ts";
import { logSoftmax } from "../../autograd/ops/softmax.ts";
import { mean } from "../../autograd/ops/sum.ts";
import { type Tensor, tensor } from "../../autograd/tensor.ts";
import { Linear } from "../../nn/layers.ts";
import { Apply, Sequential } from "../../nn/module.ts";
import type { Net } from "../../nn/net.ts";
import type { Rated } from "../../nn/optimizers.ts";
import type { Steps } from "../../runtime/steps.ts";
import type { At, Kit } from "../kit.ts";
import type { Turn, Vector } from "../method.ts";

/** Batches of two kinds of rows side by side, as many as the first has. */
function* pairs(one: Iterable<At>, other: Generator<At, void, void>): Generator<readonly [At, At], void, void> {
  try {
    for (const at of one) {
      const next = other.next();
      if (next.done) return;
      yield [at, next.value];
    }
  } finally {
    other.return();
  }
}

// there are always more: batches of own rows end when those of public rows do
const ENDLESS = 2 ** 30;

export interface Aligning {
  /** Numbers of the discriminator's hidden layer. */
  readonly hidden: number;
  /** Epochs over the public rows, of each of both phases. */
  readonly epochs: number;
  /** Of the body, over the config's rate. */
  readonly rate: number;
}

/** The discriminator of one thread, and the body that it looks at. */
export class Alignment {
  /** Tells own rows (1) from public ones (0). */
  readonly domains: Net;
  readonly #kit: Kit;
  readonly #body: Net;
  readonly #epochs: number;
  readonly #telling: Rated;
  readonly #moving: Rated;

  constructor(kit: Kit, { hidden, epochs, rate }: Aligning) {
    const first = new Linear(kit.features, hidden, { relu: true });
    this.#kit = kit;
    this.#epochs = epochs;
    this.#body = kit.net(kit.parts.body);
    this.domains = kit.net(new Sequential({ fc1: first, fc2: new Linear(hidden, 2), end: new Apply(logSoftmax) }));
    this.#telling = kit.optimizer(this.domains.parameters);
    this.#moving = kit.optimizer(this.#body.parameters, { lr: rate * kit.options.optimizer.lr });
  }

  /** A model whose body has come nearer. */
  *aligned(model: Vector, turn: Pick<Turn, "own" | "key" | "effort" | "round">): Steps<Vector> {
    const [body, kit] = [this.#body, this.#kit];
    if (this.#epochs === 0 || turn.own.train.count === 0) return model;
    body.parameters.copyFrom(model.subarray(0, body.parameters.size));
    kit.begin(turn, this.#telling, this.#moving);
    for (const swapped of [false, true]) {
      const phase = swapped ? "swap" : "tell";
      const open = kit.batches(turn, { examples: kit.publicRows, epochs: this.#epochs, stream: `${phase} public` });
      const mine = kit.batches(turn, { epochs: ENDLESS, stream: `${phase} own` });
      for (const [at, own] of pairs(open, mine)) {
        kit.step(at, {
          loss: (batch, mode) => {
            const see = (x: Tensor): Tensor => (swapped ? body.forward(x, mode) : noGrad(() => body.forward(x, mode)));
            const z = concat([see(batch.x), see(turn.own.train.batch(own.rows, mode).x)], 0);
            const names = Array.from({ length: z.shape[0]! }, (_, i) => Number(i < at.rows.size === swapped));
            return mean(nll(this.domains.forward(z), tensor(names, [names.length], "i32")));
          },
          optimizer: swapped ? this.#moving : this.#telling,
        });
        yield;
      }
    }
    const moved = model.slice();
    moved.set(body.parameters.toArray());
    return moved;
  }
}
