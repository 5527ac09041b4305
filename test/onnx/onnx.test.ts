// ONNX files: that they are made, of what they are made, and what cannot be. `npm run test:onnx` runs them in onnxruntime.
import { createHash } from "node:crypto";
import {
  crossEntropy,
  dropout,
  gather,
  mean,
  mul,
  ops,
  reshape,
  type Tensor,
  tensor,
} from "../../src/autograd/index.ts";
import { reluGrad } from "../../src/autograd/ops/activation.ts";
import { Apply, bilstmText, Linear, type Module, Net, Sequential } from "../../src/nn/index.ts";
import { exported, exportOnnx, refused } from "../../src/onnx/index.ts";
import { trace } from "../../src/onnx/trace.ts";
import { key } from "../../src/runtime/random.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { netOf, networks } from "./networks.ts";

for (const [name, { shape, words }] of Object.entries(networks))
  test(`${name} is exported, the same bytes again, and carries its weights`, () => {
    const net = netOf(name);
    const file = exportOnnx(net, shape, words === undefined ? {} : { words });
    const again = exportOnnx(net, shape, words === undefined ? {} : { words });
    assert.is(createHash("sha256").update(file).digest("hex"), createHash("sha256").update(again).digest("hex"));
    const { parameters } = net;
    for (const [i, { name: of, statistic }] of parameters.specs.entries()) {
      const values = parameters.tensors[i]!.toArray();
      assert.ok(Buffer.from(file).includes(Buffer.from(values.buffer)), `${of} is in the file`);
      if (!statistic || of.startsWith("low")) assert.ok(Buffer.from(file).includes(of));
    }
    net.dispose();
  });

const run = new Set<string>();
test("every node reads what is there by then, and no name is given twice", () => {
  for (const [name, { shape, words }] of Object.entries(networks)) {
    const net = netOf(name);
    const { nodes, constants, input, output } = trace(net, [2, ...shape], words, 1);
    const known = new Set(["", input.name]);
    const give = (one: string): void => {
      assert.not(known.has(one), `${name}: ${one}`);
      known.add(one);
    };
    for (const of of constants) give(of.name);
    for (const { from, inputs, outputs } of nodes) {
      run.add(from);
      for (const one of inputs) assert.ok(known.has(one), `${name}: ${one}`);
      for (const one of outputs) give(one);
    }
    assert.ok(known.has(output.name));
    net.dispose();
  }
});

test("every op has a rule that a network here runs, or a reason why it has none", () => {
  const declared = [...ops().keys()].filter((name) => !name.startsWith("test:"));
  assert.equal([...exported, ...refused].toSorted(), declared.toSorted());
  assert.equal([...run].toSorted(), exported.toSorted());
});

const refusedFor = (module: Module, message: RegExp, options = {}): void => {
  const net = new Net(new Sequential({ in: new Linear(4, 4), rest: module }), { group: "private" }).init(1);
  refuses(() => exportOnnx(net, [4], options), message);
  net.dispose();
};

test("an op without a counterpart is named, with what to do instead", () => {
  const labels = tensor([0, 1], [2], "i32");
  refusedFor(
    new Apply((x) => crossEntropy(x, labels)),
    /^onnx: op, got crossEntropy, which is a loss; export the net in/,
  );
  refusedFor(
    new Apply((x) => dropout(x, 0.5, key(1))),
    /^onnx: op, got dropout, which draws .*; export a net in evaluation/,
  );
  refusedFor(new Apply((x) => reluGrad(x, x)), /^onnx: op, got reluGrad, which is part of a gradient; export/);
  const text = new Net(bilstmText(5, 2), { group: "private" }).init(1);
  refuses(() => exportOnnx(text, [3], { words: 5 }), /^onnx: op, got lstm, .*; use lstmSequence/);
  text.dispose();
});

test("what depends on inputs' values is no graph: it is refused, not written down as it came out once", () => {
  const read = new Apply((x) => mul(x, tensor(x.toArray()[0]!)));
  const first = new Apply((x) => {
    // as many steps as a value says
    for (let left = Math.floor(Math.abs(x.toArray()[0]!) * 1000) % 16; left >= 0; left--) x = mul(x, x);
    return x;
  });
  for (const options of [{}, { rows: 2 }]) {
    refusedFor(
      read,
      /^onnx: mul, got an operand that JavaScript made of inputs' values, expected one that ops/,
      options,
    );
    refusedFor(
      first,
      /^onnx: the network, got other steps for other values, expected the same; choose by where/,
      options,
    );
  }
});

test("a network that knows how many rows there are is exported for that many", () => {
  const cases: readonly (readonly [(x: Tensor) => Tensor, RegExp])[] = [
    [(x) => mul(x, mean(x, { axis: 0, keep: true })), /^onnx: affine, got an operand for 3 rows that is another one/],
    [
      (x) => (x.shape[0]! < 3 ? x : mul(x, x)),
      /got other steps for 2 rows than for 3 or 5, expected the same; give rows/,
    ],
    [(x) => gather(x, tensor([x.shape[0]! - 1], [1], "i32")), /^onnx: gather, got an operand for 3 rows/],
  ];
  for (const [fn, message] of cases) {
    const net = new Net(
      new Sequential({ in: new Linear(4, 4), own: new Apply(fn), flat: new Apply((x) => reshape(x, [-1, 4])) }),
      { group: "private" },
    ).init(1);
    refuses(() => exportOnnx(net, [4]), message);
    assert.ok(exportOnnx(net, [4], { rows: 5 }).length > 100);
    net.dispose();
  }
});

test("a network without steps is refused", () => {
  refuses(
    () => exportOnnx(new Net(new Sequential({}), { group: "private" }), [4]),
    "onnx: the network, got one without steps, expected an op at least",
  );
});

test.run();
