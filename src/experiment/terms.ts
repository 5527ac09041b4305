// What a client and a server that are different processes must have alike, or their numbers are of different experiments.
import { kernelBuild } from "../autograd/index.ts";
import { Sha256 } from "../io/hash.ts";
import { federationsOf } from "./federations.ts";
import { isLocal } from "./localPrivacy.ts";
import { trainingOf } from "./methodPresets.ts";
import type { Setup } from "./setup.ts";

/** A name for what a client's turn depends on besides its own rows: the model, its first weights, methods, how clients step. */
export function termsOf({ config, dataset }: Pick<Setup, "config" | "dataset">): string {
  const { seed, model, shift, stream, fidelity, quirks } = config;
  const { rounds } = config.federation;
  const terms = {
    seed,
    model,
    fidelity,
    quirks,
    methods: federationsOf(config).map(({ name, options }) => {
      const { lr, localEpochs, batchSize, optimizer } = trainingOf(config, name);
      return { name, options: Object.entries(options).toSorted(), lr, localEpochs, batchSize, optimizer };
    }),
    classes: dataset.classes,
    // whether what is sent is hidden, and so what a server may ask for
    ...(isLocal(config) && { privacy: "local" }),
    // rows that come in the course of the rounds come by their number
    ...((shift || stream) && { shift, stream, rounds }),
    kernels: kernelBuild(),
  };
  return new Sha256().update(new TextEncoder().encode(JSON.stringify(terms))).hex();
}
