// The posterior gate where clients differ in what a class looks like, too: its evidence is learnt in the generalist's features, from
// rows that the client holds out and from rows drawn from the federation's Gaussians.
import { type Tensor, tensor } from "../../autograd/tensor.ts";
import type { Examples } from "../../nn/examples.ts";
import { Net } from "../../nn/net.ts";
import { predictAll } from "../../nn/predict.ts";
import { fold } from "../../runtime/random.ts";
import { discriminated, fitDiscriminator } from "../discriminator.ts";
import { Gaussians } from "../gaussians.ts";
import { personal, type Personal } from "../personal.ts";
import { gatedAnswers, posteriorLogits, RHO, weightsOf } from "../posterior.ts";
import { combined, remembered } from "../predictor.ts";
import { mixtureDial } from "../tradeOff.ts";
import { pair } from "./posterior.ts";

export const featureGate: Personal = personal({
  name: "featureGate",
  paper: "",
  about:
    "two answers weighed by how likely an input is the client's own, learnt in features against the federation's Gaussians",
  needsClasses: true,
  // `drawn` rows of the federation for each row held out
  options: () => ({ specialist: "finetuned", generalist: "calibrated", rho: RHO, drawn: 5 }),
  ranges: { rho: { min: 0.01, max: 0.99 }, drawn: { min: 1, whole: true } },
  *make(desk, { rho, drawn, ...experts }, name) {
    const [s, g] = yield* pair(desk, experts);
    const { net } = yield* desk.of("generalist");
    const parts = net?.module.split?.();
    const { gaussians: sums } = desk.options;
    if (!parts || !sums)
      throw new TypeError(
        `${name}: got ${parts ? "no Gaussians of the federation, expected them; set posterior.features" : "an answer that is not a model of body and head, expected one; use a Sequential"}`,
      );
    const body = desk.kept.add(new Net(parts.body, { group: "private", trainable: false }));
    body.parameters.copyFrom(net!.parameters.toArray().subarray(0, body.parameters.size));
    const foreign = new Gaussians(sums);
    const { width } = foreign;
    const predict = (x: Tensor): Tensor => body.predict(x);
    const features = remembered(desk.kept, (examples) => predictAll(examples, width, predict), predict);
    const held = features.on(desk.own.validation).toArray();
    const count = drawn * Math.max(1, desk.own.validation.count);
    const line = fitDiscriminator(
      { values: held, width },
      { values: foreign.sample(count, fold(desk.key, "features")), width },
    );
    const evidence = (z: Tensor): Float64Array => discriminated({ values: z.toArray(), width }, line);
    const logits = combined(desk.kept, [features], (z) => {
      const found = posteriorLogits(evidence(z!), rho);
      return tensor(Float32Array.from(found), [found.length, 1]);
    });
    return desk.combined([s, g, logits], (ls, lg, z) => gatedAnswers(ls!, lg!, z!.toArray()), {
      weights: (examples: Examples) => weightsOf(logits.on(examples).toArray()),
      dial: (examples: Examples) =>
        mixtureDial(
          s.on(examples).toArray(),
          g.on(examples).toArray(),
          desk.own.classes,
          evidence(features.on(examples)),
        ),
    });
  },
});
