import { logSoftmax, memory, type Tensor, tensor } from "../../src/autograd/index.ts";
import {
  type Experts,
  type MixtureOptions,
  type PersonalOptions,
  trainAlone,
  trainMixture,
} from "../../src/moe/index.ts";
import { validateNet } from "../../src/nn/validate.ts";
import { Dropout, FloatExamples, Linear, Net, predictAll, Sequential } from "../../src/nn/index.ts";
import { Apply } from "../../src/nn/module.ts";
import { key } from "../../src/runtime/random.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { classes, expertOf, gateModule, gateOf, own } from "../support/toy.ts";

const alone: PersonalOptions = {
  lr: 0.02,
  epochs: 12,
  batchSize: 10,
  validateEvery: 2,
  patience: 3,
  margin: 0.01,
  keep: "best",
};

const mixing: MixtureOptions = { ...alone, space: "probability", gateOnly: false, generalistDropout: false };

const values = (net: Net): number[] => Array.from(net.parameters.toArray());

/** Three networks, the generalist trained on everything and the specialist tuned to two classes. */
function experts({
  dropout = 0,
  trainable = false,
  calls,
}: { dropout?: number; trainable?: boolean; calls?: { count: number } } = {}): Experts {
  const module = expertOf({ dropout, ...(calls && { calls }) });
  const general = new Net(module, { group: "private" }).init(1);
  trainAlone(general, own(1), { ...alone, epochs: 4 }, key(1));
  // stands for what a federation made: a private net is not relabelled
  const generalist = new Net(module, { group: "shared", trainable });
  generalist.parameters.copyFrom(general.parameters.toArray());
  const specialist = general.clone({ group: "private" });
  trainAlone(specialist, own(2, [0, 1]), { ...alone, epochs: 2 }, key(2));
  return {
    generalist,
    specialist,
    gate: new Net(gateModule, { group: "private" }).init(2),
  };
}

test("training alone makes a net better on its own rows", () => {
  const net = new Net(expertOf(), { group: "private" }).init(3);
  const rows = own(2);
  const before = validateNet(net, rows.validation, classes);
  const { best } = trainAlone(net, rows, { ...alone, epochs: 40, patience: 40 }, key(2));
  const after = validateNet(net, rows.validation, classes);
  assert.ok(after.loss < 0.6 * before.loss, `${before.loss} to ${after.loss}`);
  assert.is(after.loss, best.loss);
});

test("with keep best the weights of the best validation come back, with keep last they do not", () => {
  const rows = own(3);
  const train = (keep: "best" | "last"): { loss: number; best: number; epochs: number; bestEpoch: number } => {
    const net = new Net(expertOf(), { group: "private" }).init(4);
    // far too fast, so that the end is not the best
    const { best, epochs, bestEpoch } = trainAlone(net, rows, { ...alone, lr: 0.5, keep }, key(3));
    return { loss: validateNet(net, rows.validation, classes).loss, best: best.loss, epochs, bestEpoch };
  };
  const [best, last] = [train("best"), train("last")];
  assert.is(best.loss, best.best);
  assert.is(last.best, best.best, "validations do not depend on what is kept");
  assert.ok(last.epochs > last.bestEpoch + 1, "the best was not the last");
  assert.not.equal(last.loss, last.best);
});

test("the mixture changes specialist and gate and never the generalist, frozen or not", () => {
  for (const trainable of [false, true])
    for (const generalistDropout of [false, true]) {
      const three = experts({ dropout: 0.3, trainable });
      const before = { s: values(three.specialist), g: values(three.generalist), h: values(three.gate) };
      trainMixture(three, own(5, [0, 1]), { ...mixing, generalistDropout }, key(4));
      assert.equal(values(three.generalist), before.g);
      assert.not.equal(values(three.specialist), before.s);
      assert.not.equal(values(three.gate), before.h);
      assert.ok(three.generalist.parameters.tensors.every((t) => t.grad === null));
    }
});

test("a frozen generalist has no gradient to begin with", () => {
  assert.is(experts().generalist.parameters.gradient, null);
});

test("gateOnly leaves the specialist as it is", () => {
  const three = experts({ dropout: 0.3 });
  const before = { s: values(three.specialist), h: values(three.gate) };
  trainMixture(three, own(5, [0, 1]), { ...mixing, gateOnly: true }, key(4));
  assert.equal(values(three.specialist), before.s);
  assert.not.equal(values(three.gate), before.h);
});

test("a third expert is trained with the specialist, or with the gate alone left as it is", () => {
  for (const gateOnly of [false, true]) {
    const third = new Net(expertOf(), { group: "private" }).init(9);
    const four = { ...experts(), gate: new Net(gateOf(3), { group: "private" }).init(2), alone: third };
    const before = { alone: values(third), s: values(four.specialist), h: values(four.gate) };
    const { best } = trainMixture(four, own(5, [0, 1]), { ...mixing, gateOnly }, key(4));
    assert.is(String(values(third)) === String(before.alone), gateOnly);
    assert.is(String(values(four.specialist)) === String(before.s), gateOnly);
    assert.not.equal(values(four.gate), before.h);
    assert.ok(Number.isFinite(best.loss));
  }
});

test("a gate may learn from the validation rows, and then nothing depends on the training rows", () => {
  const learn = (seed: number, learnFrom: "train" | "validation"): number[] => {
    const three = experts();
    const rows = { ...own(6), train: own(seed).train };
    trainMixture(three, rows, { ...mixing, gateOnly: true, learnFrom }, key(4));
    return values(three.gate);
  };
  assert.equal(learn(10, "validation"), learn(11, "validation"));
  assert.not.equal(learn(10, "train"), learn(11, "train"));
  assert.not.equal(learn(10, "validation"), learn(10, "train"));
});

test("rows that the mixture stops early by are not those it learns from", () => {
  const three = experts();
  const rows = own(6);
  const heard: number[] = [];
  trainMixture(three, rows, { ...mixing, learnFrom: "validation", lr: 1e-12 }, key(4), ({ loss }) => heard.push(loss));
  const whole: number[] = [];
  trainMixture(experts(), rows, { ...mixing, lr: 1e-12 }, key(4), ({ loss }) => whole.push(loss));
  assert.ok(Math.abs(heard[0]! - whole[0]!) > 1e-4, "a half is not the whole");
});

test("the generalist's answers, computed once, are those computed at every step", () => {
  for (const space of ["probability", "output"] as const) {
    // without dropout layers its dropout being active changes nothing, but then it is asked at every step
    const run = (generalistDropout: boolean): { found: number[]; count: number } => {
      const calls = { count: 0 };
      const three = experts();
      const counted = new Net(expertOf({ calls }), { group: "shared", trainable: false });
      counted.parameters.copyFrom(three.generalist.parameters);
      trainMixture({ ...three, generalist: counted }, own(6), { ...mixing, space, generalistDropout }, key(5));
      return { found: [...values(three.specialist), ...values(three.gate)], count: calls.count };
    };
    const [once, always] = [run(false), run(true)];
    assert.equal(once.found, always.found);
    assert.is(once.count, 2, "once for the training and once for the validation rows");
    assert.ok(always.count > 20);
  }
});

/** What training with these options makes of specialist and gate. */
function mixtureAfter(options: Partial<MixtureOptions>, seed = 5): number[] {
  const three = experts({ dropout: 0.5 });
  trainMixture(three, own(6), { ...mixing, ...options }, key(seed));
  return [...values(three.specialist), ...values(three.gate)];
}

test("the generalist's dropout is active where the authors' code has it so, and only there", () => {
  assert.not.equal(mixtureAfter({ generalistDropout: true }), mixtureAfter({ generalistDropout: false }));
  assert.equal(mixtureAfter({ generalistDropout: true }), mixtureAfter({ generalistDropout: true }));
});

/** A module whose first layer is dropout, and which notes what comes out of it. */
function masked(seen: number[][], outputs: number): Sequential {
  const note = (x: Tensor): Tensor => {
    seen.push(Array.from(x.toArray()));
    return x;
  };
  const output = new Apply(outputs === 1 ? (x) => x : logSoftmax);
  return new Sequential({ drop: new Dropout(0.5), note: new Apply(note), fc: new Linear(2, outputs), output });
}

test("on a plateau the gate's rate halves, the specialist's does not, and an improvement leaves both", () => {
  const rows = own(6);
  // only the first validation is an improvement: the third epoch is the first with half the rate
  const after = (epochs: number, gateSchedule: "constant" | "plateau", margin = 1e3): number[][] => {
    const three = experts();
    const early = { validateEvery: 1, patience: 9, margin, keep: "last" } as const;
    trainMixture(three, rows, { ...mixing, ...early, lr: 1e-3, epochs, gateSchedule }, key(4));
    return [values(three.specialist), values(three.gate)];
  };
  assert.equal(after(2, "plateau"), after(2, "constant"));
  assert.equal(after(6, "plateau", 0), after(6, "constant", 0), "every epoch is better than the one before");
  const [, from] = after(2, "constant");
  const [plain, halved] = [after(3, "constant"), after(3, "plateau")];
  const moved = (to: number[]): number => Math.hypot(...to.map((value, i) => value - from![i]!));
  const share = moved(halved[1]!) / moved(plain[1]!);
  assert.ok(share > 0.48 && share < 0.52, `${share}`);
  const apart = Math.hypot(...halved[0]!.map((value, i) => value - plain[0]![i]!));
  assert.ok(apart < 1e-4, `${apart}: the gate's weight is all that changes for the specialist`);
});

test("the three networks of a step draw masks of their own", () => {
  const seen: [number[][], number[][], number[][]] = [[], [], []];
  const net = (i: 0 | 1 | 2, outputs: number): Net<"private"> =>
    new Net(masked(seen[i], outputs), { group: "private" }).init(1);
  const options = { ...mixing, generalistDropout: true, epochs: 1, batchSize: 40 };
  trainMixture({ specialist: net(0, classes), generalist: net(1, classes), gate: net(2, 1) }, own(6), options, key(5));
  // the last before validation, over the same 40 rows
  const [s, g, h] = seen.map((of) => of.find((x) => x.length === 80 && x.includes(0))!.join());
  assert.is(new Set([s, g, h]).size, 3);
});

test("where the gate trains alone its specialist answers without dropout", () => {
  const gates = [0, 0.5].map((dropout) => {
    const three = experts();
    const specialist = new Net(expertOf({ dropout }), { group: "private" });
    specialist.parameters.copyFrom(three.specialist.parameters);
    trainMixture({ ...three, specialist }, own(6), { ...mixing, gateOnly: true }, key(5));
    return values(three.gate);
  });
  assert.equal(gates[0], gates[1]);
});

test("the key decides, and nothing else", () => {
  assert.equal(mixtureAfter({}, 1), mixtureAfter({}, 1));
  assert.not.equal(mixtureAfter({}, 1), mixtureAfter({}, 2));
});

test("validation scores the mixture as it stands", () => {
  const three = experts();
  const rows = own(7);
  const losses: number[] = [];
  const { best, bestEpoch } = trainMixture(three, rows, mixing, key(6), ({ loss, epoch, best }) => {
    losses.push(loss);
    if (best) assert.is(epoch % 2, 0);
  });
  assert.is(Math.min(...losses) >= best.loss - mixing.margin, true);
  assert.ok(bestEpoch >= 0);
});

/** An expert that is sure of class 0 where sign * x > 0, and of class 1 elsewhere. */
function halfRight(sign: number): Net<"private"> {
  const module = new Sequential({ fc: new Linear(2, classes), output: new Apply(logSoftmax) });
  const net = new Net(module, { group: "private" });
  net.parameters.copyFrom([6 * sign, 0, -6 * sign, 0, 0, 0, 0, 0, -9]);
  return net;
}

test("a gate learns where its specialist is right", () => {
  // all points are of class 0; the specialist is right for x > 0, the generalist for x < 0
  const gate = new Net(new Sequential({ fc: new Linear(2, 1) }), { group: "private" }).init(1);
  const x = Array.from({ length: 60 }, (_, i) => [((i % 20) - 9.5) / 10, (i % 7) / 7]);
  const examples = new FloatExamples(tensor(x.flat(), [60, 2]), new Int32Array(60));
  const rows = { train: examples, validation: examples, classes };
  trainMixture(
    { specialist: halfRight(1), generalist: halfRight(-1), gate },
    rows,
    { ...mixing, gateOnly: true, lr: 0.1, epochs: 60, patience: 60, margin: 0 },
    key(7),
  );
  const z = predictAll(examples, 1, (x) => gate.predict(x)).toArray();
  for (const [i, [a]] of x.entries()) if (Math.abs(a!) > 0.3) assert.is(z[i]! > 0, a! > 0, `z ${z[i]} at ${a}`);
});

function fail(): never {
  throw new Error("on purpose");
}

test("training leaves no memory behind, not even when it fails", () => {
  const three = experts({ dropout: 0.3 });
  const rows = own(8);
  const solo = new Net(expertOf(), { group: "private" }).init(1);
  const step = (): void => {
    trainMixture(three, rows, mixing, key(1));
    trainAlone(solo, rows, alone, key(1));
  };
  step();
  const before = memory();
  step();
  refuses(() => trainMixture(three, rows, mixing, key(1), fail), "on purpose");
  refuses(() => trainAlone(solo, rows, alone, key(1), fail), "on purpose");
  assert.equal(memory(), before);
});

test.run();
