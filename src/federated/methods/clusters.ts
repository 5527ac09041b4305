// Several models at the server, of which a client trains the one that fits it best.
import type { Examples } from "../../nn/examples.ts";
import { validateNet } from "../../nn/validate.ts";
import { answering } from "../answering.ts";
import { type Kit, likelihood } from "../kit.ts";
import type { ClientSide, Vectors } from "../method.ts";

export const placeOf = (cluster: number): string => `model.${cluster}`;

/** First weights of k models: the common beginning, and others drawn as it was. */
export function beginnings(kit: Kit, k: number): Vectors {
  return Object.fromEntries(
    Array.from({ length: k }, (_, c) => [placeOf(c), c === 0 ? kit.initial : kit.first(kit.model, `cluster ${c}`)]),
  );
}

/** Which of these models has the lowest loss on these rows; the first of equals. */
export function closest(losses: readonly number[]): number {
  return losses.reduce((best, loss, i) => (loss < losses[best]! ? i : best), 0);
}

/** Trains the model that fits the client's training rows best, and answers with it; says which as the metric `cluster`. */
export function clustered(kit: Kit): ClientSide<"model", "model.*", never> {
  const net = kit.net();
  const optimizer = kit.optimizer(net.parameters);
  // by training rows: to choose by the rows it is asked about would need their labels
  const choose = (down: Vectors, rows: Examples): number => {
    const models = Object.keys(down).length;
    const losses = Array.from({ length: models }, (_, c) => {
      net.parameters.copyFrom(down[placeOf(c)]!);
      return rows.count > 0 ? validateNet(net, rows, kit.classes).loss : 0;
    });
    const best = closest(losses);
    net.parameters.copyFrom(down[placeOf(best)]!);
    return best;
  };
  return {
    initial: () => ({ model: kit.initial }),
    *train(turn) {
      const cluster = choose(turn.down as Vectors, turn.own.train);
      const { trainLoss } = yield* kit.train({ turn, loss: likelihood(net), optimizer });
      return { up: { model: net.parameters.toArray() }, metrics: { trainLoss, cluster } };
    },
    answers({ down, own }) {
      choose(down as Vectors, own.train);
      return { own: answering(net) };
    },
    taken: ({ down }, { up, metrics }) => ({ ...down, [placeOf(metrics["cluster"]!)]: up.model }),
  };
}
