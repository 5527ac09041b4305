// kNN-Per's answer (Marfoq et al. 2022) over any federation: the model's, mixed with the labels of the client's own rows nearby in
// the model's features.
import { nearbyAnswer } from "../../federated/methods/nearby.ts";
import { Net } from "../../nn/net.ts";
import { predictAll } from "../../nn/predict.ts";
import { personal, type Personal } from "../personal.ts";
import { remembered } from "../predictor.ts";

export const knn: Personal = personal({
  name: "knn",
  paper: "arXiv 2111.09360",
  about: "the federation's model and the labels of the client's own rows nearby; nothing is trained",
  needsClasses: true,
  options: () => ({ of: "generalist", k: 10, scale: 1, lambda: 0.5, search: true as boolean }),
  ranges: { k: { min: 1, whole: true }, scale: { min: 1e-9 }, lambda: { min: 0, max: 1 } },
  *make(desk, { of, ...options }, name) {
    const from = yield* desk.of(of);
    const parts = from.net?.module.split?.();
    if (!parts)
      throw new TypeError(
        `${name}: got an answer that is not a model of body and head, expected one; use a Sequential`,
      );
    const body = desk.kept.add(new Net(parts.body, { group: "private", trainable: false }));
    body.parameters.copyFrom(from.net!.parameters.toArray().subarray(0, body.parameters.size));
    const { classes } = desk.own;
    const features = parts.head.specs[0]!.shape.at(-1)!;
    const near = yield* nearbyAnswer({ body, predict: from.predict, features, classes }, desk.own, options);
    if (near === from.predict) return from;
    const logp = remembered(desk.kept, (examples) => predictAll(examples, classes, near), near);
    return { ...logp, raw: logp };
  },
});
