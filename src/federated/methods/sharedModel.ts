// The client side of every method whose clients train the server's model and answer with it.
import { answering } from "../answering.ts";
import { type Kit, pull } from "../kit.ts";
import type { ClientSide } from "../method.ts";
import { departing } from "../spares.ts";

/**
 * From the server's model, epochs on the client's own rows.
 * @param mu holds the client to the server's model, with mu/2 |w - model|^2 in its loss
 */
export function sharedModel(kit: Kit, { mu = 0 }: { mu?: number } = {}): ClientSide<"model", "model", never> {
  const net = kit.net();
  const optimizer = kit.optimizer(net.parameters);
  const anchor = mu === 0 ? undefined : kit.vector(net.parameters.size);
  return {
    initial: () => ({ model: kit.initial }),
    *train(turn) {
      net.parameters.copyFrom(turn.down.model);
      anchor?.set(turn.down.model);
      const correct = anchor && pull(net.parameters, anchor, mu);
      const { trainLoss, steps, rate } = yield* kit.train({ turn, loss: kit.loss(net), optimizer, correct });
      return { up: { model: departing(net.parameters) }, metrics: { trainLoss, steps, rate } };
    },
    answers({ down }) {
      net.parameters.copyFrom(down.model);
      return { own: answering(net) };
    },
  };
}
