// The paper's mixture (Listo Zec et al. 2020): a specialist that begins as another predictor, and a gate over inputs that weighs
// it against the generalist; they train together, or the gate alone.
import { noGrad } from "../../autograd/op.ts";
import { scope, type Tensor } from "../../autograd/tensor.ts";
import type { Examples } from "../../nn/examples.ts";
import { Net } from "../../nn/net.ts";
import { fold } from "../../runtime/random.ts";
import { gateWeights, mixedAnswers, outputs } from "../evaluate.ts";
import { type Answerers, type Expert, type MixtureSettings, trainMixtureSteps } from "../experts.ts";
import type { MixingSpace } from "../mixture.ts";
import { type Desk, personal, type Personal } from "../personal.ts";
import type { Predictor } from "../predictor.ts";

/** What a mixture in training says of any examples. */
function mixtureOn(
  { specialist, generalist, gate }: Answerers,
  examples: Examples,
  space: MixingSpace,
  desk: Desk,
): Tensor {
  const { classes, task } = desk.own;
  const answers = {
    specialist: outputs(specialist, examples, classes),
    generalist: outputs(generalist, examples, classes),
  };
  const z = outputs(gate, examples, 1);
  const mixed = task
    ? scope(() => noGrad(() => task.mix(task.answers(answers.specialist), task.answers(answers.generalist), z)))
    : mixedAnswers(space, desk.options.output, answers, z);
  for (const raw of [...Object.values(answers), z]) raw.dispose();
  return mixed;
}

// what does not learn need not be one model
function frozen({ net, raw }: Predictor): Net<"private"> | Expert {
  return (net as Net<"private"> | undefined) ?? { predict: raw.predict, forward: raw.predict };
}

export const mixture: Personal = personal({
  name: "mixture",
  paper: "arXiv 2010.02056",
  about: "a specialist and the generalist weighed by a gate that sees the input, trained on the client's rows",
  options: ({ mixture: of }) => ({
    // who the specialist begins as, and whom it is weighed against; a third expert is the client's own from random weights
    begin: "finetuned",
    generalist: "generalist",
    threeWay: false as boolean,
    // the specialist stays as it began
    gateOnly: of.gateOnly as boolean,
    space: (of.space ?? "probability") as string,
    learnFrom: (of.learnFrom ?? "train") as string,
    gateInit: (of.gateInit ?? "random") as string,
    gateSchedule: (of.gateSchedule ?? "constant") as string,
    lr: of.lr,
    // 0 is the specialist's
    gateLr: of.gateLr ?? 0,
    validateEvery: of.validateEvery,
    patience: of.patience,
    margin: of.margin,
  }),
  ranges: {
    space: { of: ["probability", "output"] },
    learnFrom: { of: ["train", "validation"] },
    gateInit: { of: ["random", "generalist"] },
    gateSchedule: { of: ["constant", "plateau"] },
    lr: { min: 0 },
    gateLr: { min: 0 },
    validateEvery: { min: 1, whole: true },
    patience: { min: 1, whole: true },
    margin: { min: 0 },
  },
  *make(desk, { begin, generalist: against, threeWay, gateLr, gateInit, ...given }, name) {
    const { gate: oneGate, threeGate, init, output } = desk.options;
    if (threeWay && !threeGate) throw new Error("mixture: a threeWay mixture needs a threeGate");
    const [begun, general] = [yield* desk.of(begin), yield* desk.of(against)];
    const from = begun.specialist ?? begun;
    const settings = { ...desk.settings.mixture, ...given, ...(gateLr > 0 && { gateLr }), output } as MixtureSettings;
    const { space = "probability", gateOnly } = settings;
    const specialist = gateOnly ? frozen(from) : desk.copyOf(from, name);
    const alone = threeWay ? desk.copyOf(yield* desk.of("local"), name) : undefined;
    const generalist = frozen(general);
    const gate = desk.kept.add(new Net(threeWay ? threeGate! : oneGate, { group: "private" })).init(init.gate);
    if (gateInit === "generalist" && general.net) gate.parameters.copyMatching(general.net.parameters);
    const experts = { specialist, generalist, gate, alone };
    const hears = desk.listen(name, (asked) => mixtureOn(experts, asked, space, desk));
    const fit = yield* trainMixtureSteps(experts, desk.own, settings, fold(desk.key, "mixture"), hears);
    const z = desk.outputs(gate, threeWay ? 3 : 1);
    const special = gateOnly ? from : desk.expert(specialist as Net<"private">);
    const { task } = desk.own;
    const parts = [special.raw, general.raw, z, ...(alone ? [desk.outputs(alone, desk.own.classes)] : [])];
    return desk.combined(
      parts,
      (ls, lg, logits, la) =>
        task
          ? task.mix(task.answers(ls!), task.answers(lg!), logits!)
          : mixedAnswers(space, output, { specialist: ls!, generalist: lg!, alone: la }, logits!),
      {
        fit,
        specialist: special,
        nets: { ...(specialist instanceof Net && { specialist }), gate },
        weights: (examples: Examples) => gateWeights(z.on(examples)),
      },
    );
  },
});
