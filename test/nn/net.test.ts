import { memory, scope, tensor } from "../../src/autograd/index.ts";
import { mlp, Net } from "../../src/nn/index.ts";
import { assert, test } from "../support/suite.ts";

const net = new Net(mlp(12, 3), { group: "shared" }).init(1);
const x = tensor(
  Float32Array.from({ length: 60 }, (_, i) => (i % 7) - 3),
  [5, 12],
);

test("predictions outside a scope leave nothing but their answers, which are not in linear memory", () => {
  net.predict(x);
  const before = memory();
  const first = net.predict(x);
  const later = Array.from({ length: 2000 }, () => net.predict(x));
  assert.equal(memory(), before);
  assert.equal([first.shape, first.op, first.requiresGrad], [[5, 3], null, false]);
  for (const y of [later[0]!, later[1999]!]) assert.equal(y.toArray(), first.toArray());
});

test("predictions are what a forward pass in evaluation gives, inside a scope and outside", () => {
  const wanted = scope(() => net.forward(x).toArray());
  assert.equal(net.predict(x).toArray(), wanted);
  assert.equal(
    scope(() => net.predict(x).toArray()),
    wanted,
  );
});

test.run();
