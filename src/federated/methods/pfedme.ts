// pFedMe (Dinh et al. 2020): the shared model is the centre of everybody's own; a client finds its own near the centre, then
// moves its centre towards it.
import { answering } from "../answering.ts";
import { pull } from "../kit.ts";
import { Tally } from "../tally.ts";
import { method, type Method } from "../method.ts";
import { alike, averaging, stepping } from "../servers.ts";
import { partly } from "../serverSteps.ts";

export const pfedme: Method = method({
  name: "pfedme",
  paper: "arXiv 2006.08848",
  about: "a Moreau envelope: own models near a centre, the centres averaged",
  // `inner` steps of the config's optimiser for the own model on every batch, then one of `lr` for the centre;
  // `start`: the own model goes on from the batch before, as in the authors' code, or begins at the centre, as in the paper
  options: { lambda: 15, inner: 5, lr: 0.005, beta: 1, start: "centre", weights: "alike" },
  ranges: {
    lambda: { min: 0 },
    inner: { min: 1, whole: true },
    lr: { min: 0 },
    beta: { min: 0, max: 2 },
    start: { of: ["centre", "before"] },
    weights: { of: ["alike", "examples"] },
  },
  sends: ["model"],
  keeps: ["own"],
  client: (kit, { lambda, inner, lr, start }) => {
    const [centre, own] = [kit.net(), kit.net()];
    const [loss, optimizer] = [kit.loss(own), kit.optimizer(own.parameters)];
    const correct = pull(own.parameters, centre.parameters.values, lambda);
    // the envelope's gradient is lambda (w - theta)
    const move = pull(centre.parameters, own.parameters.values, lambda);
    const ofCentre = kit.optimizer(centre.parameters, {
      kind: "sgd",
      lr,
      momentum: 0,
      weightDecay: 0,
      clip: undefined,
      clipValue: undefined,
    });
    return {
      initial: () => ({ model: kit.initial }),
      *train(turn) {
        centre.parameters.copyFrom(turn.down.model);
        own.parameters.copyFrom(turn.down.model);
        kit.begin(turn, optimizer, ofCentre);
        const tally = new Tally();
        for (const at of kit.batches(turn)) {
          if (start === "centre") own.parameters.copyFrom(centre.parameters);
          let mean = 0;
          for (let k = 0; k < inner; k++) mean = kit.step(at, { loss, optimizer, correct });
          tally.add(at, mean);
          if (move) {
            move();
            ofCentre.step();
          }
          yield;
        }
        return {
          up: { model: centre.parameters.toArray() },
          kept: { own: own.parameters.toArray() },
          metrics: { trainLoss: tally.trainLoss },
        };
      },
      answers({ down, kept }) {
        own.parameters.copyFrom(kept.own ?? down.model);
        centre.parameters.copyFrom(down.model);
        return { own: answering(own), shared: answering(centre) };
      },
    };
  },
  server: ({ beta, weights }) =>
    stepping(averaging(weights === "alike" ? { weight: alike } : {}), "model", partly(beta)),
  traffic: ({ model }) => ({ down: model, up: model }),
  presets: {
    paper: {
      options: { lambda: 15, inner: 5, lr: 0.005, beta: 1, start: "before" },
      optimizer: { kind: "sgd", lr: 0.1 },
      batchSize: 20,
      rounds: 800,
      cohort: 5,
      note: "MNIST, 20 users with two labels each; 20 batches a round",
    },
    safe: { options: { lambda: 15, lr: 0.01 }, optimizer: { kind: "sgd", lr: 0.05 } },
  },
});
