// Several models at the server, of which a client trains the one that fits it best.
import type { Examples } from "../../nn/examples.ts";
import type { Net } from "../../nn/net.ts";
import { answering } from "../answering.ts";
import type { Kit } from "../kit.ts";
import type { ClientSide, Turn, Vectors } from "../method.ts";

export const placeOf = (cluster: number): string => `model.${cluster}`;

/** First weights of k models: the common beginning, and others drawn as it was. */
export function beginnings(kit: Kit, k: number, place: (c: number) => string = placeOf): Vectors {
  return Object.fromEntries(
    Array.from({ length: k }, (_, c) => [place(c), c === 0 ? kit.initial : kit.first(kit.model, `cluster ${c}`)]),
  );
}

/** Which of these models has the lowest loss on these rows; the first of equals. */
export function closest(losses: readonly number[]): number {
  return losses.reduce((best, loss, i) => (loss < losses[best]! ? i : best), 0);
}

export interface Clustered {
  /** How many models there are. */
  readonly count: number;
  /** Which one a turn trains whatever their losses, if it says so. */
  readonly explore?: (turn: Pick<Turn, "round" | "key">) => number | undefined;
  /** What a model is chosen by, the least of all, on rows that there are; its loss unless said. */
  readonly score?: (net: Net, rows: Examples) => number;
}

/** Trains the model that fits the client's training rows best, or has the least score on them, and answers with it; says which as the metric `cluster`. */
export function clustered(
  kit: Kit,
  { count, explore, score = (net, rows) => kit.lossOn(net, rows) }: Clustered,
): ClientSide<"model", "model.*", never> {
  const net = kit.net();
  const optimizer = kit.optimizer(net.parameters);
  const all = Array.from({ length: count }, () => kit.net(kit.model, { trainable: false }));
  // by training rows: to choose by the rows it is asked about would need their labels
  const closestOn = (down: Vectors, rows: Examples): number => {
    const losses = all.map((_, c) => {
      net.parameters.copyFrom(down[placeOf(c)]!);
      return rows.count > 0 ? score(net, rows) : 0;
    });
    return closest(losses);
  };
  return {
    initial: () => ({ model: kit.initial }),
    *train(turn) {
      const down = turn.down as Vectors;
      const cluster = explore?.(turn) ?? closestOn(down, turn.own.train);
      net.parameters.copyFrom(down[placeOf(cluster)]!);
      const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer });
      return { up: { model: net.parameters.toArray() }, metrics: { trainLoss, cluster } };
    },
    answers({ down, own }) {
      const models = down as Vectors;
      net.parameters.copyFrom(models[placeOf(closestOn(models, own.train))]!);
      all.forEach(({ parameters }, c) => parameters.copyFrom(models[placeOf(c)]!));
      return { own: Object.assign(answering(net), { parts: all.map((one) => answering(one)) }) };
    },
    taken: ({ down }, { up, metrics }) => ({ ...down, [placeOf(metrics["cluster"]!)]: up.model }),
  };
}
