// Steps of a client's mixture: specialist and gate trained, generalist frozen.
import { noGrad } from "../../src/autograd/op.ts";
import { backward } from "../../src/autograd/backward.ts";
import { gather } from "../../src/autograd/ops/rows.ts";
import { persistent, scope, type Tensor } from "../../src/autograd/tensor.ts";
import { type MixingSpace, mixtureLoss } from "../../src/moe/mixture.ts";
import { Adam, EVALUATE, type Mode } from "../../src/nn/index.ts";
import { predictAll } from "../../src/nn/predict.ts";
import { fold } from "../../src/runtime/random.ts";
import { batchOf, type ModelName, models, modes, seeded, type Stepper } from "../models.ts";
import type { Case, Suite } from "../suite.ts";

/**
 * How the generalist takes part: "active", as in the authors' code, its forward runs in every step with dropout; "stored",
 * as in the method as meant, its answers in evaluation mode are computed once per client.
 */
type Generalist = "active" | "stored";

const spaces: Readonly<Record<Generalist, MixingSpace>> = { active: "output", stored: "probability" };

// the three nets draw their masks from addresses of their own
function at(mode: Mode, net: string): Mode {
  return mode.train ? { train: true, key: fold(mode.key, net) } : mode;
}

function mixtureStepper(name: ModelName, batch: number, generalist: Generalist, lr: number): Stepper {
  const model = models[name];
  const specialist = seeded(model.expert(), 1, { group: "private" });
  const gate = seeded(model.gate(), 101, { group: "private" });
  const frozen = seeded(model.expert(), 201, { group: "shared", trainable: false });
  const optimizer = new Adam([specialist.parameters, gate.parameters], { lr });
  const { x, labels, dispose } = batchOf(model, batch);
  const rows = persistent([batch], "i32").set(Int32Array.from({ length: batch }, (_, i) => i));
  const examples = { count: batch, labels: labels.toArray(), batch: () => ({ x, labels, rows }), dispose };
  const stored = generalist === "stored" ? predictAll(examples, model.classes, () => frozen.predict(x)) : null;
  return {
    step: (mode) =>
      scope(() => {
        const lg: Tensor = noGrad(() => (stored ? gather(stored, rows) : frozen.forward(x, at(mode, "generalist"))));
        const ls = specialist.forward(x, mode);
        const loss = mixtureLoss(spaces[generalist], ls, lg, gate.forward(x, at(mode, "gate")), labels);
        backward(loss);
        optimizer.step();
        return loss.item();
      }),
    dispose: () => {
      optimizer.dispose();
      for (const net of [specialist, gate, frozen]) net.dispose();
      stored?.dispose();
      rows.dispose();
      dispose();
    },
  };
}

function mix(model: ModelName, batch: number, generalist: Generalist): Case {
  return {
    name: `${models[model].title} generalist ${generalist} batch ${batch}`,
    task: { op: "mixture", model, batch, generalist },
    prepare: () => {
      const { step, dispose } = mixtureStepper(model, batch, generalist, 1e-6);
      const mode = modes();
      return {
        run: () => step(mode()),
        check: () => {
          const checked = mixtureStepper(model, batch, generalist, 1e-3);
          const losses = Array.from({ length: 4 }, () => checked.step(EVALUATE));
          checked.dispose();
          return losses;
        },
        dispose,
      };
    },
  };
}

export const mixture: Suite = {
  name: "mixture",
  about:
    "a step of specialist and gate beside a frozen generalist: active, its forward in every step and log-probabilities mixed " +
    "(the authors' code); stored, its answers computed once and probabilities mixed (the method as meant)",
  cases: (Object.keys(models) as ModelName[]).flatMap((model) =>
    (["active", "stored"] as const).flatMap((generalist) => [mix(model, 10, generalist), mix(model, 128, generalist)]),
  ),
};
