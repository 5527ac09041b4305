// What clients make of a federation's answers: limits in which one value is another, and closed forms.
import { memory, tensor } from "../../src/autograd/index.ts";
import { answering } from "../../src/federated/answering.ts";
import type { Answers, Options } from "../../src/federated/method.ts";
import { methods } from "../../src/federated/methods/index.ts";
import { labelLaw, logRatio } from "../../src/moe/labelLaw.ts";
import { mixedLogits } from "../../src/moe/methods/pflMoe.ts";
import { personals, usualEntries } from "../../src/moe/methods/index.ts";
import { Desk } from "../../src/moe/personal.ts";
import type { Predictor } from "../../src/moe/predictor.ts";
import { Net } from "../../src/nn/index.ts";
import { key } from "../../src/runtime/random.ts";
import { finish } from "../../src/runtime/steps.ts";
import { federation, module, settings } from "../support/federation.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { classes, gateModule, gateOf, own, points } from "../support/toy.ts";

const training = {
  lr: 0.02,
  epochs: 6,
  batchSize: 10,
  validateEvery: 1,
  patience: 4,
  margin: 0,
  keep: "last",
} as const;
const generalist = new Net(module, { group: "private", trainable: false }).init(1);
const stranger = new Net(module, { group: "private", trainable: false }).init(2);
const examples = points(500, 60);
const rows = own(3, [0, 1]);

// all but one that needs sums of its federation
const values = [...personals.keys()].filter((name) => name !== "featureGate");

interface World {
  readonly answers: Answers;
  readonly own: typeof rows;
}

/** What is asked of a desk, with options for its values by name. */
function at<T>(options: Readonly<Record<string, Options>>, use: (desk: Desk) => T, world: Partial<World> = {}): T {
  const desk = new Desk({
    answers: { own: answering(generalist), other: answering(stranger) },
    own: rows,
    expert: module,
    gate: gateModule,
    threeGate: gateOf(3),
    output: "logSoftmax",
    settings: { training, mixture: { ...training, space: "probability", gateOnly: false, generalistDropout: false } },
    entries: {
      ...usualEntries,
      ...Object.fromEntries(
        Object.entries(options).map(([name, own]) => [name, { value: personals.get(name)!, options: own }]),
      ),
    },
    init: { local: key(10), gate: key(11) },
    key: key(12),
    ...world,
  });
  try {
    return use(desk);
  } finally {
    desk.dispose();
  }
}

const made = (name: string, options: Options = {}, world: Partial<World> = {}): number[] =>
  at({ [name]: options }, (desk) => Array.from(finish(desk.of(name)).on(examples).toArray()), world);

type Of = ReturnType<typeof tensor>;

const said = (name: string): number[] => at({}, (desk) => Array.from(finish(desk.of(name)).on(examples).toArray()));

const [everybody, other] = [said("generalist"), said("other")];

test("no epochs leave the federation's model as it is, whatever of it was to be trained", () => {
  for (const name of ["finetuned", "head", "rtfa"]) assert.equal(made(name, { epochs: 0 }), everybody);
  assert.equal(made("lp-ft", { head: "own", epochs: 0 }), everybody);
  assert.not.equal(made("finetuned"), everybody);
});

test("what is fine-tuned may be any model that the federation left", () => {
  assert.equal(made("finetuned", { of: "other", epochs: 0 }), other);
  const fedrod = (x: ReturnType<typeof tensor>) => generalist.predict(x);
  refuses(
    () => made("finetuned", {}, { answers: { own: fedrod, shared: answering(generalist) } }),
    "finetuned: got an answer that is not one model's, expected one that training can go on from; of this federation's that is shared",
  );
  refuses(() => said("nobody"), /personal: who answers, got nobody, expected one of own, other, /);
});

test("RTFA is fine-tuning without its pull, and the federation's model under one that nothing moves", () => {
  assert.equal(made("rtfa", { lambda: 0 }), made("finetuned"));
  // Adam takes steps of its rate whatever the gradient: it stays within a few of them
  const held = made("rtfa", { lambda: 1e6, lr: 1e-4 });
  const free = made("rtfa", { lambda: 0, lr: 1e-4, epochs: 60 });
  const far = (of: readonly number[]): number => Math.max(...of.map((value, i) => Math.abs(value - everybody[i]!)));
  assert.ok(far(held) < 0.05 * far(free), `${far(held)} ${far(free)}`);
});

test("linear probing moves the head alone, and LP-FT goes on from there with all of it", () => {
  const weights = (predictor: Predictor): Float32Array => predictor.net!.parameters.toArray();
  const body = module.split!().body.specs.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
  at({ "lp-ft": { slower: 1 } }, (desk) => {
    const [before, probed, whole] = ["generalist", "head", "lp-ft"].map((name) => weights(finish(desk.of(name))));
    assert.equal(probed!.subarray(0, body), before!.subarray(0, body));
    assert.not.equal(probed!.subarray(body), before!.subarray(body));
    assert.not.equal(whole!.subarray(0, body), before!.subarray(0, body));
  });
});

test("the label law is p_g r^t renormalised: the model at t = 0 or under a law of equal classes", () => {
  assert.equal(made("labelLaw", { t: 0 }), everybody);
  const equal = { train: points(7, 0), validation: points(8, 0), classes };
  near(made("labelLaw", {}, { own: equal }), everybody, 1e-6);
  const ratio = logRatio(labelLaw([...Array.from(rows.train.labels), ...Array.from(rows.validation.labels)], classes));
  const wanted = Array.from({ length: examples.count }, (_, row) => {
    const mass = Array.from(ratio, (r, c) => Math.exp(everybody[row * classes + c]! + 0.5 * r));
    const total = mass.reduce((a, b) => a + b);
    return mass.map((one) => Math.log(one / total));
  }).flat();
  near(made("labelLaw", { t: 0.5 }), wanted, 1e-5);
});

test("weights of 0 and 1 are either answer alone, and one half is the mean of two", () => {
  const two = { specialist: "other", generalist: "own" };
  assert.equal(made("ensemble", { ...two, weight: 0 }), everybody);
  assert.equal(made("ensemble", { ...two, weight: 1 }), other);
  near(
    made("ensemble", two).map(Math.exp),
    everybody.map((log, i) => (Math.exp(log) + Math.exp(other[i]!)) / 2),
    1e-6,
  );
});

test("a gate goes over any two answers, of one model each or not", () => {
  const between = (found: readonly number[]): void =>
    found.forEach((log, i) => {
      const [low, high] = [everybody[i]!, other[i]!].toSorted((a, b) => a - b) as [number, number];
      assert.ok(log >= low - 1e-5 && log <= high + 1e-5);
    });
  const plain: Answers = { own: (x) => generalist.predict(x), other: (x) => stranger.predict(x) };
  for (const answers of [undefined, plain]) {
    const world = answers ? { answers } : {};
    between(made("stackedGate", { specialist: "other", generalist: "own" }, world));
    between(made("mixture", { begin: "other", generalist: "own", gateOnly: true }, world));
  }
  refuses(
    () => made("mixture", { begin: "other" }, { answers: plain }),
    "mixture: got an answer that is not one model's, expected one that training can go on from; of this federation's that is none",
  );
});

test("experts that are one answer are that answer, whatever the gate; a gate goes over all parts of an answer", () => {
  near(made("experts", { of: "own", alone: "own" }), everybody, 1e-5);
  const both = Object.assign((x: ReturnType<typeof tensor>) => generalist.predict(x), {
    parts: [answering(generalist), answering(stranger)],
  });
  const found = made("experts", { alone: "none" }, { answers: { own: both } });
  found.forEach((log, i) => {
    const [low, high] = [everybody[i]!, other[i]!].toSorted((a, b) => a - b) as [number, number];
    assert.ok(log >= low - 1e-5 && log <= high + 1e-5);
  });
  // it has learnt something
  const untaught = made("experts", { alone: "none", epochs: 0 }, { answers: { own: both } });
  assert.not.equal(found, untaught);
});

test("PFL-MoE between its head and the federation's model: logits at the ends of the gate are one or the other", () => {
  const [a, b] = [everybody, other].map((of) => tensor(of, [of.length / classes, classes])) as [Of, Of];
  for (const [z, wanted] of [
    [60, everybody],
    [-60, other],
  ] as const)
    // prettier-ignore
    near(mixedLogits(a, b, tensor([z], [1, 1])).toArray(), wanted, 1e-4);
  near(mixedLogits(a, a, tensor([0.3], [1, 1])).toArray(), everybody, 1e-4);
  near(made("pflMoe", { epochs: 0 }), everybody, 1e-5);
  assert.not.equal(made("pflMoe"), everybody);
});

test("what a predictor says of one input is what it says of it among all", () => {
  const two = { specialist: "labelLaw", generalist: "own" };
  for (const name of values) {
    // the control weighs by another input, and a stream by those before
    if (["permuted", "stream"].includes(name)) continue;
    const options = name === "stackedGate" || name === "ensemble" ? two : {};
    at({ [name]: options }, (desk) => {
      const predictor = finish(desk.of(name));
      const all = Array.from(predictor.on(examples).toArray());
      const rows = tensor(Int32Array.of(4, 2), [2], "i32");
      const some = Array.from(predictor.predict(examples.batch(rows).x).toArray());
      near(some, [...all.slice(12, 15), ...all.slice(6, 9)], 1e-5);
    });
  }
});

test("a desk leaves no memory behind, and asks for nothing twice", () => {
  const everything = (): void =>
    at({}, (desk) => {
      for (const name of values) {
        const first = finish(desk.of(name));
        assert.is(finish(desk.of(name)), first);
        assert.is(first.on(examples), first.on(examples));
      }
    });
  everything();
  const before = memory().used;
  everything();
  assert.is(memory().used, before);
});

test("neighbours over FedAvg are kNN-Per, to the bit", async () => {
  const options = { k: 3, scale: 1, lambda: 0.4, search: false };
  const knnper = await federation(methods.get("knn-per")!, options, settings);
  const fedavg = await federation(methods.get("fedavg")!, {}, settings);
  const shared = new Net(module, { group: "private", trainable: false });
  shared.parameters.copyFrom(fedavg.end.now["model"]!);
  const client = 4;
  const mine = fedavg.bench.stage(client, 0);
  const on = points(77, 20);
  const found = at({ knn: options }, (desk) => Array.from(finish(desk.of("knn")).on(on).toArray()), {
    answers: { own: answering(shared) },
    own: { ...mine, classes } as never,
  });
  assert.equal(found, Array.from((await knnper.answersOf(client))["own"]!));
  mine.dispose();
  shared.dispose();
});

test.run();
