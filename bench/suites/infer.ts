// Answers in evaluation mode: one net, and the three of a mixture.
import { noGrad } from "../../src/autograd/op.ts";
import { scope, type Tensor } from "../../src/autograd/tensor.ts";
import { mixtureScores } from "../../src/moe/mixture.ts";
import { batchOf, type ModelName, models, outputs, seeded } from "../models.ts";
import type { Case, Suite } from "../suite.ts";

function one(model: ModelName, batch: number): Case {
  return {
    name: `${models[model].title} batch ${batch}`,
    flops: models[model].forward * batch,
    task: { op: "infer", model, batch },
    prepare: () => {
      const net = seeded(models[model].expert(), 1, { group: "shared", trainable: false });
      const { x, dispose } = batchOf(models[model], batch);
      return {
        run: () => scope(() => void net.predict(x)),
        check: () => outputs(model, batch),
        dispose: () => {
          net.dispose();
          dispose();
        },
      };
    },
  };
}

function three(model: ModelName, batch: number): Case {
  return {
    name: `${models[model].title} mixture batch ${batch}`,
    task: { op: "inferMixture", model, batch },
    prepare: () => {
      const { expert, gate } = models[model];
      const [specialist, gating, generalist] = [
        seeded(expert(), 1, { group: "private", trainable: false }),
        seeded(gate(), 101, { group: "private", trainable: false }),
        seeded(expert(), 201, { group: "shared", trainable: false }),
      ] as const;
      const { x, dispose } = batchOf(models[model], batch);
      const answer = (): Tensor =>
        mixtureScores("probability", specialist.predict(x), generalist.predict(x), gating.predict(x));
      return {
        run: () => noGrad(() => scope(() => void answer())),
        check: () => noGrad(() => scope(() => answer().toArray())),
        dispose: () => {
          for (const net of [specialist, gating, generalist]) net.dispose();
          dispose();
        },
      };
    },
  };
}

export const infer: Suite = {
  name: "infer",
  about: "log-probabilities in evaluation mode without history",
  cases: (Object.keys(models) as ModelName[]).flatMap((model) => [
    one(model, 1),
    one(model, 128),
    three(model, 1),
    three(model, 128),
  ]),
};
