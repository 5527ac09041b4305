// L2GD (Hanzely and Richtarik 2020): a coin says for everybody whether a round is one of steps of their own or one of moving
// towards the mean of all; who moves twice in a row moves towards the same mean, so it is asked for once.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { answering } from "../answering.ts";
import { method, type Method } from "../method.ts";
import { alike, averaging } from "../servers.ts";
import { between } from "../vectors.ts";

export const l2gd: Method = method({
  name: "l2gd",
  paper: "arXiv 2002.05516",
  about: "own models that a coin sends to their mean now and then; all clients should take part in every round",
  // of the objective 1/N sum f_i(x_i) + lambda/2N sum |x_i - mean|^2, with probability `p` of the mean; the way to it is
  // rate x lambda x (1 - p) / p of the whole, as the paper's alpha is N (1 - p) times the rate
  options: { lambda: 0.1, p: 0.3 },
  ranges: { lambda: { min: 0 }, p: { min: 0.01, max: 0.99 } },
  sends: ["model?"],
  receives: ["mean?"],
  keeps: ["own", "mean"],
  client: (kit, { lambda, p }) => {
    const net = kit.net();
    const optimizer = kit.optimizer(net.parameters);
    const way = (kit.options.optimizer.lr * lambda * (1 - p)) / p;
    if (way > 1)
      throw new RangeError(
        `l2gd: a round of averaging goes ${way} of the way, expected 1 at most; lower lambda or the rate, or raise p`,
      );
    return {
      initial: () => ({ mean: kit.initial }),
      *train(turn) {
        const own = turn.kept.own ?? kit.initial;
        const mean = turn.down.mean ?? turn.kept.mean ?? kit.initial;
        if (isMean(kit.options.key, turn.round, p)) {
          const next = between(own, mean, way);
          return { up: {}, kept: { own: next, mean }, metrics: { trainLoss: 0 } };
        }
        net.parameters.copyFrom(own);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer, stream: "own" });
        const after = net.parameters.toArray();
        const asked = isMean(kit.options.key, turn.round + 1, p);
        return { up: asked ? { model: after } : {}, kept: { own: after, mean }, metrics: { trainLoss } };
      },
      answers({ kept }) {
        net.parameters.copyFrom(kept.own ?? kit.initial);
        return { own: answering(net) };
      },
    };
  },
  server: ({ p }, kit) => ({
    ...averaging({ weight: alike, place: () => "mean" }),
    down: (state, { round }) => {
      const fresh = isMean(kit.options.key, round, p) && (round === 0 || !isMean(kit.options.key, round - 1, p));
      return fresh ? { mean: state["mean"]! } : {};
    },
  }),
  presets: { paper: { options: { p: 0.3 } }, safe: {} },
});

/** Whether a round is one of the mean, which everybody knows beforehand. */
export function isMean(key: Key, round: number, p: number): boolean {
  return new Stream(fold(key, "coin", round)).uniform() < p;
}
