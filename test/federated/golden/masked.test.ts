// FedMMF: what a client's own model leaves over, round by round in plain numbers, and its limits in a regression.
import { tensor } from "../../../src/autograd/index.ts";
import type { Method, } from "../../../src/federated/method.ts";
import { methods } from "../../../src/federated/methods/index.ts";
import { factors, Net, TargetExamples, taskOf } from "../../../src/nn/index.ts";
import { Kit } from "../../../src/federated/kit.ts";
import { key } from "../../../src/runtime/random.ts";
import { finish } from "../../../src/runtime/steps.ts";
import { near } from "../../support/near.ts";
import {
  answersOf,
  average,
  bodySize,
  cohorts,
  descend,
  everybody,
  initial,
  logSoftmaxOf,
  modelOf,
  nllOf,
  over,
  rowCounts,
  softmaxes,
  steps,
  type V,
  worked,
} from "../../support/softmax.ts";
import { list } from "../../support/rules.ts";
import { assert, test } from "../../support/suite.ts";

const method: Method = methods.get("fedmmf")!;

test("FedMMF round by round, as a product of the own model's law and what is learnt over it", () => {
  const [mask, epochs] = [0.7, 2];
  const end = softmaxes(method, { mask, epochs });
  let items: V = initial.slice(0, bodySize);
  const user: V[] = everybody.map(() => initial.slice(bodySize));
  const own: V[] = [];
  const joined = (p: V, g: V, x: V): V => logSoftmaxOf(modelOf(p, x).map((f, c) => f + mask * modelOf(g, x)[c]!));
  for (const who of cohorts) {
    const ups = who.map((i) => {
      own[i] ??= descend((p) => nllOf(p, i), initial, { count: worked(i, epochs) });
      const loss = (p: V): number => over(i, (x, label) => -joined(p, own[i]!, x)[label]!);
      const moved = descend(loss, [...items, ...user[i]!], { count: steps[i]! });
      user[i] = moved.slice(bodySize);
      return moved.slice(0, bodySize);
    });
    items = average(ups, who.map((i) => rowCounts[i]!)); // prettier-ignore
  }
  near(list(end.server, "items"), items, 1e-7);
  near(end.kept.flatMap((kept) => list(kept, "user")), user.flat(), 1e-7);
  near(end.kept.flatMap((kept) => list(kept, "mask")), own.flat(), 1e-7);
  const answers = everybody.flatMap((i) => answersOf((x) => joined([...items, ...user[i]!], own[i]!, x)));
  near(end.answers.flatMap((of) => of["own"]!), answers, 1e-7);
});

test("a mask that says all leaves nothing to learn: no residual, no update, and the answer is the mask's", () => {
  const model = factors(3, 1, { probabilities: false });
  const drawn = new Net(model, { group: "private" }).init(3).parameters.toArray();
  // the user's factors are 0, and so is whatever is answered
  const begun = drawn.map((value, i) => (i < 3 * 8 + 8 ? value : 0));
  const x = Float32Array.from({ length: 30 }, (_, i) => Math.sin(i));
  const told = new Net(model, { group: "private" });
  told.parameters.copyFrom(drawn);
  const targets = Float32Array.from(told.predict(tensor(x, [10, 3])).toArray());
  const rows = new TargetExamples({ x, targets, shape: [3], outputs: 1 });
  const kit = new Kit({
    model,
    classes: 1,
    task: taskOf("regression"),
    key: key(1),
    initial: begun,
    optimizer: { kind: "sgd", lr: 0.1 },
    epochs: 3,
    batchSize: 4,
  });
  const side = method.client(kit, { mask: 1, epochs: 0 });
  const down = side.initial();
  const own = { train: rows, validation: rows };
  const turn = { client: 0, round: 0, down, kept: { mask: drawn }, own, effort: 1, key: key(2) };
  const reply = finish(side.train(turn));
  near([reply.metrics.trainLoss], [0], 1e-10);
  near(list(reply.up, "items"), list(down, "items"), 1e-6);
  const made = side.answers({ ...turn, kept: reply.kept! });
  if (!("own" in made)) throw new Error("steps");
  near((made as { own: (x: unknown) => { toArray(): ArrayLike<number> } }).own(tensor(x, [10, 3])).toArray(), targets, 1e-6);
  rows.dispose();
  kit.dispose();
});

test("what is sent is the body alone, and a mask is made once", () => {
  const { replies, kept } = softmaxes(method, {});
  for (const { up } of replies) assert.equal(Object.keys(up), ["items"]);
  const again = softmaxes(method, {}, { rounds: 1 });
  for (const i of everybody) assert.equal(again.kept[i]!["mask"], kept[i]!["mask"]);
});

test.run();
