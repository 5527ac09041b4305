// One low-rank adapter that everybody trains on a model that stands still, averaged: FedAvg of what is beside the layers (FedIT, Zhang et
// al. 2023). The means of two factors are not the factors of their product's mean; nothing is done about it, as this is the baseline.
import { isBeside } from "../../nn/adapted.ts";
import { Lora } from "../../nn/loraMixture.ts";
import type { Net } from "../../nn/net.ts";
import type { Kit } from "../kit.ts";
import { type Answer, method, type Method, type Vector, type Vectors } from "../method.ts";
import { averaging } from "../servers.ts";
import {
  adapted,
  type Adapted,
  firstBeside,
  loaded,
  merged,
  overBase,
  usual,
  type Usual,
  usualRanges,
  warmed,
} from "./adapters.ts";

/** The model with a low-rank product beside each of its layers. */
export function loraModel(kit: Kit, { layers, rank, alpha }: Usual): Adapted {
  return adapted(kit, layers, ({ inputs, outputs }) => new Lora(inputs, outputs, { rank, alpha }));
}

/** Answers of a net with low-rank products; its weights are the model's with the products taken in. */
export function loraAnswer(net: Net, { rank, alpha }: Pick<Usual, "rank" | "alpha">): Answer {
  const weights = (): Vector => merged(net.module, net.parameters.toArray(), alpha / rank);
  return Object.assign((x: Parameters<Answer>[0]) => net.predict(x), { weights });
}

export const fedlora: Method = method({
  name: "fedlora",
  paper: "arXiv 2305.05644",
  about: "FedAvg for some rounds, and then of low-rank adapters alone, beside a model that stands still",
  options: usual,
  ranges: usualRanges,
  sends: ["model?", "adapters?"],
  receives: ["model", "adapters?"],
  client: (kit, options) => {
    const net = kit.net(loraModel(kit, options).module);
    const optimizer = kit.optimizer(net.parameters);
    const load = ({ model, adapters }: Vectors): void => loaded(net, model!, [[isBeside, adapters!]]);
    return overBase<"adapters?", "model" | "adapters?", never>(kit, {
      *train(turn) {
        load(turn.down as Vectors);
        const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer });
        return { up: { adapters: net.parameters.read(isBeside) }, metrics: { trainLoss } };
      },
      answers({ down }) {
        load(down as Vectors);
        return { own: loraAnswer(net, options) };
      },
    });
  },
  server: (options, kit) =>
    warmed(averaging(), {
      warm: options.warm,
      firsts: () => ({ adapters: firstBeside(kit, loraModel(kit, options).module) }),
    }),
  laws: [{ when: { warm: 1000 }, is: "fedavg" }],
  presets: {
    paper: {
      options: { rank: 8, alpha: 16 },
      note: "FedIT's are of a language model of 7 billion parameters, which nobody has to warm up",
    },
    safe: {},
  },
});
