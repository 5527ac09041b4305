// The client side of methods whose clients have a whole model each, and differ in what holds it.
import type { Vector } from "../../nn/parameters.ts";
import { answering } from "../answering.ts";
import { type Kit, pull } from "../kit.ts";
import type { ClientSide, Turn, Vectors } from "../method.ts";

export interface OwnModel<Down extends string> {
  /** What the model is held to, with weight/2 |w - anchor|^2; nothing unless said. */
  readonly anchor?: (turn: Turn<Down, "own">) => Vector | undefined;
  readonly weight?: number;
}

/** Trains the client's own model, keeps it and sends it; never the server's. */
export function ownModel<Down extends string>(
  kit: Kit,
  { anchor, weight = 0 }: OwnModel<Down>,
): ClientSide<"model", Down, "own"> & { initial(): Vectors } {
  const net = kit.net();
  const optimizer = kit.optimizer(net.parameters);
  const held = kit.vector(net.parameters.size);
  const pulled = pull(net.parameters, held, weight);
  return {
    initial: () => ({}),
    *train(turn) {
      net.parameters.copyFrom(turn.kept.own ?? kit.initial);
      const to = anchor?.(turn);
      if (to) held.set(to);
      const correct = to ? pulled : undefined;
      const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer, correct, stream: "own" });
      const own = net.parameters.toArray();
      return { up: { model: own }, kept: { own }, metrics: { trainLoss } };
    },
    answers({ kept }) {
      net.parameters.copyFrom(kept.own ?? kit.initial);
      return { own: answering(net) };
    },
  };
}
