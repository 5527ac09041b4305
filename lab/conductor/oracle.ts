// What one client's models say of one image, at any time during a run and after it.
import { behaviour } from "../../src/experiment/config.ts";
import { networks } from "../../src/experiment/networks.ts";
import { loadClient } from "../../src/experiment/progress.ts";
import type { ImageDataset } from "../../src/data/index.ts";
import type { Setup } from "../../src/experiment/setup.ts";
import type { RunStore } from "../../src/experiment/store.ts";
import { scope, type Tensor } from "../../src/autograd/tensor.ts";
import { expertAnswers, gateWeights, mixedAnswers, outputs } from "../../src/moe/evaluate.ts";
import { ImageExamples, Net } from "../../src/nn/index.ts";
import { exp } from "../../src/runtime/scalar.ts";
import type { Answers } from "../messages.ts";

export class Oracle {
  readonly setup: Setup<ImageDataset>;
  readonly #store: RunStore;
  #generalist: Float32Array | undefined;

  constructor(setup: Setup<ImageDataset>, store: RunStore) {
    this.setup = setup;
    this.#store = store;
  }

  /** Takes a generalist for the newest. */
  believe(generalist: Float32Array): void {
    this.#generalist = generalist;
  }

  /** Asks a client about an image of the dataset's shape. */
  async answer(client: number, pixels: Uint8Array): Promise<Answers> {
    const { config, dataset } = this.setup;
    if (!this.#generalist) throw new Error("lab: nothing is trained yet; start a run");
    const own = await loadClient(this.#store, client);
    const generalist = this.#generalist;
    const modules = networks(config, dataset);
    const { expertOutput, space } = behaviour(config);
    const classes = dataset.classes.length;
    const { shape, normalization } = dataset;
    const image = new ImageExamples({ x: pixels, labels: [0], shape, normalization });
    const of = (module: typeof modules.expert, values: Float32Array, width: number): Tensor => {
      const net = new Net(module, { group: "private", trainable: false });
      net.parameters.copyFrom(values);
      const answer = outputs(net, image, width);
      net.dispose();
      return answer;
    };
    const lg = of(modules.expert, generalist, classes);
    const ls = own && of(modules.expert, own.specialist, classes);
    const z = own && of(modules.gate, own.gate, 1);
    try {
      return {
        generalist: probabilities(expertAnswers(lg, expertOutput)),
        ...(ls &&
          z && {
            own: {
              specialist: probabilities(expertAnswers(ls, expertOutput)),
              mixture: probabilities(mixedAnswers(space, expertOutput, ls, lg, z)),
              trust: gateWeights(z)[0]!,
            },
          }),
      };
    } finally {
      for (const tensor of [lg, ls, z]) tensor?.dispose();
      image.dispose();
    }
  }
}

function probabilities(logp: Tensor): number[] {
  return scope(() => Array.from(logp.toArray(), (value) => exp(value)));
}
