// FLIX (Gasanov et al. 2021): every client answers at a x + (1 - a) x*, where x* is what it found by itself before anything
// was sent, and the federation looks for the x that suits all of these.
import { answering } from "../answering.ts";
import { Tally } from "../tally.ts";
import { method, type Method, type Turn } from "../method.ts";
import { averaging } from "../servers.ts";
import { Mixing } from "./mixing.ts";

export const flix: Method = method({
  name: "flix",
  paper: "arXiv 2111.11556",
  about: "the federation trains the part of a mixture that is not the client's own optimum",
  // epochs alone, once, before the first round
  options: { alpha: 0.5, alone: 20 },
  ranges: { alpha: { min: 0, max: 1 }, alone: { min: 1, whole: true } },
  sends: ["model"],
  // a client may have a share of its own
  keeps: ["optimum", "alpha"],
  client: (kit, { alpha: usual, alone }) => {
    const [shared, optimum] = [kit.net(), kit.net()];
    const [ofShared, ofOptimum] = [kit.optimizer(shared.parameters), kit.optimizer(optimum.parameters)];
    const mixing = new Mixing(kit, shared, optimum);
    const load = ({ down, kept }: Turn<"model", "optimum" | "alpha">): number => {
      shared.parameters.copyFrom(down.model);
      optimum.parameters.copyFrom(kept.optimum ?? kit.initial);
      return kept.alpha?.[0] ?? usual;
    };
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        const alpha = load(turn);
        if (!turn.kept.optimum)
          yield* kit.train({ turn, loss: kit.loss(optimum), optimizer: ofOptimum, epochs: alone, stream: "alone" });
        kit.begin(turn, ofShared);
        const tally = new Tally();
        for (const at of kit.batches(turn)) {
          mixing.place(alpha);
          tally.add(at, mixing.push(at, shared, alpha).loss);
          ofShared.step();
          yield;
        }
        return {
          up: { model: shared.parameters.toArray() },
          kept: { optimum: optimum.parameters.toArray(), alpha: Float64Array.of(alpha) },
          metrics: { trainLoss: tally.trainLoss },
        };
      },
      answers(turn) {
        const alpha = load(turn);
        // who has not had a turn has nothing of its own
        mixing.place(turn.kept.optimum ? alpha : 1);
        return { own: answering(mixing.net), shared: answering(shared) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { alpha: 1 }, is: "fedavg" }],
  presets: {
    paper: { options: { alpha: 0.5 }, note: "logistic regression on LIBSVM, with the local optimum to a tolerance" },
    safe: {},
  },
});
