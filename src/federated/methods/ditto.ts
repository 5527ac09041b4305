// Ditto (Li et al. 2021): FedAvg goes on as ever, and beside it every client trains a model of its own that is held to the
// one it was sent.
import { answering } from "../answering.ts";
import { pull } from "../kit.ts";
import { Tally } from "../tally.ts";
import { method, type Method } from "../method.ts";
import { averaging } from "../servers.ts";

export const ditto: Method = method({
  name: "ditto",
  paper: "arXiv 2012.04221",
  about: "FedAvg, and beside it every client's own model with lambda/2 |v - model|^2 in its loss",
  // the authors' code takes a step of each on every batch, others one training after the other; epochs 0 are the config's
  options: { lambda: 1, order: "after", epochs: 0 },
  ranges: { lambda: { min: 0 }, order: { of: ["after", "interleaved"] }, epochs: { min: 0, whole: true } },
  sends: ["model"],
  keeps: ["own"],
  client: (kit, { lambda, order, epochs }) => {
    const [shared, own] = [kit.net(), kit.net()];
    const [ofShared, ofOwn] = [kit.optimizer(shared.parameters), kit.optimizer(own.parameters)];
    const anchor = kit.vector(own.parameters.size);
    const correct = pull(own.parameters, anchor, lambda);
    const [lossOfShared, lossOfOwn] = [kit.loss(shared), kit.loss(own)];
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        shared.parameters.copyFrom(turn.down.model);
        own.parameters.copyFrom(turn.kept.own ?? kit.initial);
        anchor.set(turn.down.model);
        const tally = new Tally();
        if (order === "interleaved") {
          kit.begin(turn, ofShared, ofOwn);
          for (const at of kit.batches(turn)) {
            tally.add(at, kit.step(at, { loss: lossOfShared, optimizer: ofShared }));
            kit.step(at, { loss: lossOfOwn, optimizer: ofOwn, correct });
            yield;
          }
        }
        const { trainLoss } =
          order === "interleaved" ? tally : yield* kit.train({ turn, loss: lossOfShared, optimizer: ofShared });
        if (order === "after")
          yield* kit.train({
            turn,
            loss: lossOfOwn,
            optimizer: ofOwn,
            correct,
            stream: "own",
            ...(epochs > 0 && { epochs }),
          });
        return {
          up: { model: shared.parameters.toArray() },
          kept: { own: own.parameters.toArray() },
          metrics: { trainLoss },
        };
      },
      answers({ down, kept }) {
        own.parameters.copyFrom(kept.own ?? down.model);
        shared.parameters.copyFrom(down.model);
        return { own: answering(own), shared: answering(shared) };
      },
    };
  },
  server: () => averaging(),
  traffic: ({ model }) => ({ down: model, up: model }),
  laws: [{ when: { lambda: 0 }, is: "local" }],
  presets: {
    paper: {
      options: { lambda: 1, order: "interleaved" },
      optimizer: { kind: "sgd", lr: 0.05 },
      batchSize: 16,
      rounds: 5000,
      cohort: 10,
      note: "Fashion-MNIST over 500 devices; two batches a turn there, and lambda may be chosen anew by validation",
    },
    library: { options: { lambda: 1, epochs: 5 }, note: "fluke; PFLlib's default of 0 makes it Local" },
    safe: {},
  },
});
