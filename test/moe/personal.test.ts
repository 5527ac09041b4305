// One client's private part, end to end in a small world.
import { memory } from "../../src/autograd/index.ts";
import { answering } from "../../src/federated/answering.ts";
import type { Options } from "../../src/federated/method.ts";
import { outputs, score, type TestSet } from "../../src/moe/evaluate.ts";
import type { MixtureSettings } from "../../src/moe/experts.ts";
import { type PersonalOptions, trainAlone } from "../../src/moe/alone.ts";
import { usualEntries } from "../../src/moe/methods/index.ts";
import { mixture } from "../../src/moe/methods/mixture.ts";
import { type AnswersOn, Desk, type DeskOptions } from "../../src/moe/personal.ts";
import {
  evaluateRows,
  keptOf,
  paperRows,
  type Personalized,
  type PersonalValidation,
  type Row,
  validated,
} from "../../src/moe/personalized.ts";
import { Net } from "../../src/nn/index.ts";
import { fold, key } from "../../src/runtime/random.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { classes, expertOf, gateModule, gateOf, own, points } from "../support/toy.ts";

const expert = expertOf({ dropout: 0.2 });
const generalist = new Net(expert, { group: "shared", trainable: false }).init(1);
const examples = points(500, 200);
const range = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);

const alone = {
  lr: 0.02,
  epochs: 8,
  batchSize: 10,
  validateEvery: 2,
  patience: 3,
  margin: 0.01,
  keep: "best",
} as const;

const mixing = { ...alone, space: "probability", gateOnly: false, generalistDropout: false } as const;

interface Comparison extends Pick<DeskOptions, "own" | "expert" | "output" | "key" | "threeGate"> {
  readonly generalist: Net;
  readonly alone: PersonalOptions;
  readonly mixture: MixtureSettings;
  readonly variants: Readonly<Record<string, Options>>;
  readonly rows: readonly Row[];
  readonly test: TestSet;
  readonly onValidation?: (at: PersonalValidation, answers: AnswersOn) => void;
}

const options: Comparison = {
  expert,
  output: "logSoftmax",
  generalist,
  own: own(3, [0, 1]),
  test: { examples, classes, local: range(0, 50), global: range(20, 200) },
  alone,
  mixture: mixing,
  key: fold(key(12), 7),
  variants: {},
  rows: paperRows,
};

/** What a client's private part comes to. */
function compare(changes: Partial<Comparison> = {}): Omit<Personalized, "client"> {
  const {
    generalist,
    alone,
    mixture: settings,
    variants,
    rows,
    test,
    onValidation,
    ...rest
  } = { ...options, ...changes };
  const validations: PersonalValidation[] = [];
  const beside = Object.entries(variants).map(([name, options]) => [name, { value: mixture, options }] as const);
  const desk = new Desk({
    ...rest,
    answers: { own: answering(generalist) },
    gate: gateModule,
    settings: { training: alone, mixture: settings },
    entries: { ...usualEntries, ...Object.fromEntries(beside) },
    init: { local: key(10), gate: key(11) },
    hear: (entry, at, answers) => {
      if (!Object.hasOwn(usualEntries, entry)) return;
      validations.push(validated(entry, at));
      onValidation?.(validations.at(-1)!, answers);
    },
  });
  try {
    const told = [...rows, ...beside.map(([name]) => ({ name, of: name }))];
    const { made, ...results } = evaluateRows(desk, told, test, [0, 1], ["finetuned"]);
    const kept = made.find(({ specialist }) => specialist);
    return { ...results, kept: kept ? keptOf(kept) : {}, validations };
  } finally {
    desk.dispose();
  }
}

/** Everything that can be compared. */
const told = (found: Omit<Personalized, "client">): unknown => structuredClone(found);

const first = compare();

test("the same client twice is the same, bit for bit, whoever was in between", () => {
  compare({ key: fold(key(12), 8), own: own(4, [2]) });
  assert.equal(told(compare()), told(first));
  assert.not.equal(told(compare({ key: key(13) })), told(first));
});

test("a call leaves no memory behind, not even one that fails", () => {
  const before = memory();
  compare();
  assert.equal(memory(), before);
  let n = 0;
  for (const last of [1, 5, 9]) {
    n = 0;
    const onValidation = (): void => {
      if (++n === last) throw new Error("on purpose");
    };
    refuses(() => compare({ onValidation }), "on purpose");
    assert.equal(memory(), before);
  }
});

test("the generalist stays as it was", () => {
  const before = Array.from(generalist.parameters.toArray());
  compare();
  assert.equal(Array.from(generalist.parameters.toArray()), before);
});

const variants = {
  same: {},
  faster: { gateLr: 0.5, gateOnly: true },
  elsewhere: { learnFrom: "validation", gateInit: "generalist" },
  geometric: { space: "output" },
  threeWay: { threeWay: true },
  after: { begin: "mixture", gateOnly: true, learnFrom: "validation" },
} as const;

test("variants are methods of their own; one that changes nothing is the mixture, and none touches the others", () => {
  const before = memory().used;
  const found = compare({ variants, threeGate: gateOf(3) });
  assert.is(memory().used, before);
  assert.equal(found.scores["same"], first.scores["mixture"]!);
  assert.equal(found.gates["same"], first.gates["mixture"]);
  assert.equal(found.epochs["same"], first.epochs["mixture"]);
  for (const name of ["faster", "elsewhere", "geometric", "threeWay", "after"]) {
    assert.not.equal(found.scores[name], first.scores["mixture"]!);
    assert.ok(found.gates[name]!.spread >= 0 && found.epochs[name]!.epochs > 0);
  }
  assert.equal(Array.from(found.kept["specialist"]!), Array.from(first.kept["specialist"]!));
  for (const [method, scores] of Object.entries(first.scores)) assert.equal(found.scores[method], scores);
  refuses(() => compare({ variants }), "mixture: a threeWay mixture needs a threeGate");
  assert.is(memory().used, before);
});

test("FedAvg's scores are the generalist's own", () => {
  const logp = outputs(generalist, examples, classes);
  assert.equal(first.scores["fedavg"]!, score(logp, options.test));
  logp.dispose();
});

test("every method is scored on both tests, with numbers that can be", () => {
  const methods = ["local", "fedavg", "finetuned", "mixture", "ensemble", "constantWeight"] as const;
  for (const method of methods) {
    const { localTest, globalTest, localNll, globalNll, localEce, globalEce } = first.scores[method]!;
    for (const percent of [localTest, globalTest, localEce, globalEce]) assert.ok(percent >= 0 && percent <= 100);
    assert.ok(localNll > 0 && globalNll > 0 && Number.isFinite(globalNll));
    // multiples of a row's share
    near([(localTest * 50) / 100 - Math.round((localTest * 50) / 100)], [0]);
  }
});

test("fine-tuning helps on the client's own classes", () => {
  const ownRows = Int32Array.from(Array.from(options.test.local).filter((row) => examples.labels[row] !== 2));
  const { scores } = compare({ test: { ...options.test, local: ownRows } });
  assert.ok(scores["finetuned"]!.localNll < scores["fedavg"]!.localNll);
  assert.ok(scores["mixture"]!.localNll < scores["fedavg"]!.localNll);
});

test("the specialist begins as the fine-tuned generalist", () => {
  // where the gate trains alone, it stays that
  const { specialist } = compare({ mixture: { ...mixing, gateOnly: true } }).kept;
  const finetuned = generalist.clone({ group: "private" });
  trainAlone(finetuned, options.own, alone, fold(options.key, "finetuned"));
  assert.equal(Array.from(specialist!), Array.from(finetuned.parameters.toArray()));
  finetuned.dispose();
});

test("validations of the three trainings are told in their order, and kept", () => {
  const heard: unknown[] = [];
  const { validations, epochs } = compare({ onValidation: (at) => heard.push(at) });
  assert.equal(heard, validations);
  const methods = validations.map(({ method }) => method);
  assert.equal([...new Set(methods)], ["finetuned", "local", "mixture"]);
  for (const method of ["finetuned", "local", "mixture"] as const) {
    const of = validations.filter((at) => at.method === method);
    assert.equal(
      of.map(({ epoch }) => epoch),
      of.map((_, i) => 2 * i),
    );
    assert.is(of.findLast(({ best }) => best)!.epoch, epochs[method]!.bestEpoch);
    assert.ok(of.every(({ validationAccuracy }) => validationAccuracy >= 0 && validationAccuracy <= 100));
  }
});

test("a model can be asked for its answers while it is validated", () => {
  let asked = 0;
  compare({
    onValidation: (_, answers) => {
      const logp = answers(examples);
      const p = Array.from(logp.toArray(), Math.exp);
      logp.dispose();
      near([p[0]! + p[1]! + p[2]!], [1], 1e-4);
      asked++;
    },
  });
  assert.is(asked, first.validations.length);
  const before = memory();
  compare({ onValidation: (_, answers) => answers(examples).dispose() });
  assert.equal(memory(), before);
});

test("looking at answers changes no number", () => {
  assert.equal(told(compare({ onValidation: (_, answers) => answers(examples).dispose() })), told(first));
});

function total(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b);
}

test("the gate's histogram counts every row of the global test once, by own and other classes", () => {
  const { own, other, perClass } = first.trust!;
  const rows = Array.from(options.test.global);
  assert.is(total(own), rows.filter((row) => examples.labels[row]! < 2).length);
  assert.is(total(other), rows.filter((row) => examples.labels[row] === 2).length);
  assert.equal([own.length, other.length, perClass.length], [20, 20, 3]);
  assert.ok(perClass.every((h) => h >= 0 && h <= 1));
});

test("the constant weight is one of 0.05, 0.10 .. 0.95", () => {
  assert.ok(
    Array.from({ length: 19 }, (_, i) => (i + 1) / 20).includes(first.constantWeight!),
    `${first.constantWeight}`,
  );
});

test("what the client keeps has the sizes of its networks", () => {
  assert.is(first.kept["specialist"]!.length, generalist.parameters.size);
  assert.is(first.kept["gate"]!.length, 2 * 8 + 8 + 8 + 1);
});

test("the authors' way runs as well: probabilities mixed, last weights kept, the generalist's dropout active", () => {
  const authors = expertOf({ dropout: 0.2, output: "softmax" });
  const frozen = new Net(authors, { group: "shared", trainable: false }).init(1);
  const before = memory();
  const found = compare({
    expert: authors,
    output: "softmax",
    generalist: frozen,
    alone: { ...alone, keep: "last" },
    mixture: { ...alone, keep: "last", space: "output", gateOnly: false, generalistDropout: true },
  });
  assert.equal(memory().used, before.used);
  // losses are minus probabilities here
  assert.ok(found.validations.every(({ validationLoss }) => validationLoss >= -1 && validationLoss <= 0));
  for (const { localNll } of Object.values(found.scores)) assert.ok(localNll > 0 && Number.isFinite(localNll));
});

/** Losses of the mixture's training, over experts that end in one or the other. */
function mixtureLosses(output: "softmax" | "logSoftmax"): number[] {
  const module = expertOf({ output });
  const frozen = new Net(module, { group: "shared", trainable: false }).init(1);
  // fine-tuning differs between the two, so there is next to none of it
  const still = { ...alone, lr: 1e-12, epochs: 1 };
  const rest = { expert: module, output, generalist: frozen, alone: still };
  const { validations } = compare(rest);
  return validations.flatMap((at) => (at.method === "mixture" ? [at.trainLoss, at.validationLoss] : []));
}

test("experts that end in probabilities are trained by the likelihood where it is asked for", () => {
  near(mixtureLosses("softmax"), mixtureLosses("logSoftmax"), 1e-4);
});

test.run();
