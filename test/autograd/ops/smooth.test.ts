// Element-wise functions, comparisons and choices: golden values of scipy 1.17 and laws.
import { erf as erfTwin } from "../../../src/runtime/reference/double.ts";
import {
  backward,
  clip,
  cos,
  elu,
  equal,
  erf,
  gelu,
  greater,
  greaterEqual,
  leakyRelu,
  less,
  lessEqual,
  log1p,
  notEqual,
  pow,
  silu,
  sin,
  softplus,
  sum,
  type Tensor,
  tensor,
  where,
  zeros,
} from "../../../src/autograd/index.ts";
import { near } from "../../support/near.ts";
import { refuses } from "../../support/refuses.ts";
import { assert, test } from "../../support/suite.ts";

const list = (t: Tensor | null): number[] => Array.from(t!.toArray());

test("erf, GELU and their like have the values of scipy", () => {
  const x = tensor([-5, -1.5, -0.25, 0, 0.5, 2, 9]);
  near(list(erf(x)), GOLDEN.erf, 1e-7);
  near(list(gelu(x)), GOLDEN.gelu, 1e-7);
  near(list(gelu(x, { tanh: true })), GOLDEN.geluTanh, 1e-7);
  near(list(silu(x)), GOLDEN.silu, 1e-7);
  near(list(softplus(x)), GOLDEN.softplus, 1e-6);
  near(list(elu(x, { alpha: 0.5 })), GOLDEN.elu, 1e-7);
  near(list(leakyRelu(x, { slope: 0.125 })), [-0.625, -0.1875, -0.03125, 0, 0.5, 2, 9]);
});

test("far below zero GELU keeps its relative accuracy", () => {
  const [y] = list(gelu(tensor(-8))) as [number];
  assert.ok(Math.abs(y / -4.976768591e-15 - 1) < 1e-6, `${y}`);
});

test("the twin of erf has the digits of scipy", () => {
  near([0.1, 1, 1.99, 2.01, 3.5].map(erfTwin), GOLDEN.erfDigits, 1e-15);
});

test("sine and cosine are right for numbers of any size", () => {
  near(
    list(sin(tensor([1e30, 2 ** 89.5, 355]))),
    [1e30, 2 ** 89.5, 355].map((v) => Math.sin(Math.fround(v))),
    1e-7,
  );
  near(list(cos(tensor([-3e38]))), [Math.cos(Math.fround(-3e38))], 1e-7);
});

test("log1p does not lose small numbers", () => {
  assert.equal(list(log1p(tensor([1e-30, -1e-30]))), [Math.fround(1e-30), Math.fround(-1e-30)]);
});

test("comparisons are 1 and 0, and false with NaN but for difference", () => {
  const [a, b] = [tensor([1, 2, NaN]), tensor([2, 2, 2])];
  assert.equal(list(less(a, b)), [1, 0, 0]);
  assert.equal(list(lessEqual(a, b)), [1, 1, 0]);
  assert.equal(list(greater(a, b)), [0, 0, 0]);
  assert.equal(list(greaterEqual(a, 2)), [0, 1, 0]);
  assert.equal(list(equal(a, b)), [0, 1, 0]);
  assert.equal(list(notEqual(a, b)), [1, 0, 1]);
  assert.equal(list(less(1.5, a)), [0, 1, 0]);
});

test("where broadcasts, and hides what is not taken from the gradient too", () => {
  const x = tensor([-1, 4]);
  x.requiresGrad = true;
  const y = where(greater(x, 0), pow(x, 0.5), tensor(7));
  assert.equal(list(y), [7, 2]);
  assert.equal(where(zeros([2, 1]), zeros([3]), 1).shape, [2, 3]);
});

test("clip passes the gradient within and at its limits", () => {
  const x = tensor([-2, -1, 0, 1, 2]);
  x.requiresGrad = true;
  const y = clip(x, { low: -1, high: 1 });
  assert.equal(list(y), [-1, -1, 0, 1, 1]);
  backward(sum(y));
  assert.equal(list(x.grad), [0, 1, 1, 1, 0]);
  assert.equal(list(clip(tensor([NaN, 5]), { high: 3 })), [NaN, 3]);
  refuses(() => clip(x, { low: 2, high: 1 }), "clip: limits, got 2 and 1, expected low <= high");
});

test("powers have finite gradients where they are finite", () => {
  const [a, b] = [tensor([0, 0, 2, -3]), tensor([0, 2, 3, 2])];
  a.requiresGrad = b.requiresGrad = true;
  const y = pow(a, b);
  assert.equal(list(y), [1, 0, 8, 9]);
  backward(sum(y));
  assert.equal(list(a.grad), [0, 0, 12, -6]);
  near(list(b.grad).slice(0, 3), [0, 0, 8 * Math.LN2]);
  assert.equal(list(pow(tensor([3, -2]), 2)), [9, 4]);
});

/** From scipy.special: erf, ndtr, expit, and numpy's logaddexp, expm1, tanh. */
const GOLDEN = {
  erf: [
    -0.9999999999984626, -0.9661051464753108, -0.2763263901682369, 0.0, 0.5204998778130465, 0.9953222650189527, 1.0,
  ],
  gelu: [
    -1.4332578593959663e-6, -0.1002108019032871, -0.10032341857926907, 0.0, 0.34573123063700656, 1.9544997361036416,
    9.0,
  ],
  geluTanh: [
    -2.2917961972623857e-7, -0.10042842301976707, -0.100324649298315, 0.0, 0.34571400982514394, 1.954597694087775, 9.0,
  ],
  silu: [
    -0.03346425462142428, -0.2736382857095345, -0.10945587477855048, 0.0, 0.3112296656009273, 1.7615941559557646,
    8.998889448816124,
  ],
  softplus: [
    0.006715348489118068,
    0.2014132779827524,
    0.5759394198788436,
    Math.LN2,
    0.9740769841801067,
    2.1269280110429727,
    9.000123402189724,
  ],
  elu: [-0.49663102650045726, -0.3884349199257851, -0.11059960846429756, 0.0, 0.5, 2.0, 9.0],
  erfDigits: [0.1124629160182849, 0.8427007929497148, 0.995111413199617, 0.9955248493552482, 0.9999992569016276],
};

test.run();
