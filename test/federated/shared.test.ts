import { SharedVector, type TrainReply } from "../../src/federated/index.ts";
import { Linear, Net, Parameters } from "../../src/nn/index.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const specs = [{ name: "w", shape: [2] }];

test("a shared vector is a copy of a shared group, with its names and shapes", () => {
  const p = new Parameters(specs, "shared").copyFrom([1, 2]);
  const sent = SharedVector.of(p);
  p.copyFrom([3, 4]);
  assert.equal(Array.from(sent.values), [1, 2]);
  assert.equal(sent.specs, specs);
});

test("a private group is refused, at run time as well", () => {
  const gate = new Parameters(specs, "private").copyFrom([1, 2]);
  const refusal = "SharedVector: parameter group is private; only shared groups leave a client";
  // @ts-expect-error a private group is no shared one
  refuses(() => SharedVector.of(gate), refusal);
  const either: Parameters = gate;
  // @ts-expect-error a group that may be either is no shared one
  refuses(() => SharedVector.of(either), refusal);
  const net = new Net(new Linear(1, 1), { group: "private" }).init(1);
  // @ts-expect-error nor is that of a private net
  refuses(() => SharedVector.of(net.parameters), refusal);
});

test("an object that looks like a shared vector is none", () => {
  const p = new Parameters(specs, "shared").copyFrom([1, 2]);
  // @ts-expect-error values and specs do not make a shared vector
  const reply: TrainReply = { shared: { values: p.toArray(), specs }, examples: 1, metrics: {} };
  assert.not(SharedVector.made(reply.shared));
  // @ts-expect-error only SharedVector.of makes one
  refuses(() => new SharedVector(Symbol("mine"), p.toArray(), specs), "SharedVector: made by SharedVector.of only");
  assert.ok(SharedVector.made(SharedVector.of(p)));
  assert.not(SharedVector.made(null));
});

test.run();
