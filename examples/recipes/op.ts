// An op of one's own: a shape, a forward, one gradient rule per input; then a property holds it to central differences.
import { affine, backward, defineOp, exp, mul, neg, sum, type Tensor, tensor } from "moiety";
import { gradcheck } from "moiety/testing";

// x e^-x, whose slope is (1 - x) e^-x; the rule is written in ops, so that it can be differentiated again
const rise = defineOp<readonly [Tensor]>({
  name: "rise",
  shape: ([x]) => x.shape,
  forward: (y, [x]) => void y.set(mul(x, exp(neg(x))).toArray()),
  vjp: [(g, { x: [x] }) => mul(g, mul(affine(x, -1, 1), exp(neg(x))))],
});

gradcheck((x) => sum(rise([x], undefined)), [{ shape: [2, 2], values: [0.5, -1, 2, 0] }], { order: 2 });
const x = tensor([0, 1, 2]);
x.requiresGrad = true;
backward(sum(rise([x], undefined)));
console.log(`value ${rise([x], undefined)}`);
console.log(`slope ${x.grad}`);
