// Whole training steps through the public API: forward, loss, backward, Adam, loss read; dropout active, batch in memory.
import { losses, type ModelName, models, modes, stepper } from "../models.ts";
import type { Case, Suite } from "../suite.ts";

// small enough that ten thousand steps on one batch change nothing: a batch learnt by heart has gradients of another kind
const LR = 1e-6;

function train(model: ModelName, batch: number): Case {
  return {
    name: `${models[model].title} batch ${batch}`,
    flops: models[model].step * batch,
    task: { op: "step", model, batch },
    prepare: () => {
      const { step, dispose } = stepper(model, batch, LR);
      const mode = modes();
      return { run: () => step(mode()), check: () => losses(model, batch), dispose };
    },
  };
}

export const step: Suite = {
  name: "step",
  about: "forward, negative log-likelihood, backward, Adam and the loss read, through the public API, dropout active",
  cases: (Object.keys(models) as ModelName[]).flatMap((model) => [train(model, 10), train(model, 128)]),
};
