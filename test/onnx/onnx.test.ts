// ONNX files: that they are made, of what they are made, and what cannot be. `npm run test:onnx` runs them in onnxruntime.
import { createHash } from "node:crypto";
import { greater, max, mul, permute, reshape, where } from "../../src/autograd/index.ts";
import { Apply, Linear, type Module, Net, Sequential } from "../../src/nn/index.ts";
import { exportOnnx } from "../../src/onnx/index.ts";
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

const refused = (module: Module, message: RegExp, options = {}): void => {
  const net = new Net(new Sequential({ in: new Linear(4, 4), rest: module }), { group: "private" }).init(1);
  refuses(() => exportOnnx(net, [4], options), message);
  net.dispose();
};

test("an op without a counterpart is named", () => {
  refused(new Apply((x) => max(x, { axis: 1 })), /^onnx: op, got max, expected one of add, sub/);
});

test("what depends on inputs' values is no graph: it is refused, not written down as it came out once", () => {
  const chosen = new Apply((x) => mul(x, greater(x, 0)));
  refused(chosen, /^onnx: the network, got other steps for 2 rows than for 3/);
  refused(chosen, /^onnx: the network, got other steps for other values/, { rows: 2 });
  refused(new Apply((x) => where(greater(x, 0), x, 0)), /^onnx: /);
});

test("a network that knows how many rows there are is exported for that many", () => {
  const across = new Sequential({
    in: new Linear(4, 4),
    turned: new Apply((x) => reshape(permute(x, [1, 0]), [4, -1])),
    again: new Apply((x) => permute(reshape(x, [2, 2, -1]), [2, 0, 1])),
  });
  const net = new Net(across, { group: "private" }).init(1);
  refuses(() => exportOnnx(net, [4]), /got other steps for 2 rows than for 3, expected the same; give rows/);
  assert.ok(exportOnnx(net, [4], { rows: 5 }).length > 100);
});

test("a network without steps is refused", () => {
  refuses(
    () => exportOnnx(new Net(new Sequential({}), { group: "private" }), [4]),
    "onnx: the network, got one without steps, expected an op at least",
  );
});

test.run();
