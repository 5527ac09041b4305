// Steps of the optimisers that few networks are trained with, over a flat vector of parameters; as kernels/optimizer.ts, scalars
// come in double precision, and values too small to matter become 0.
import { lastLanes, lastVector, storeLanes } from "../lanes";

/** x where |x| >= 1e-17 or NaN, else 0. */
@inline
function flush(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.splat(1e-17)));
}

/** A square where it is at least 1e-36 or NaN, else 0. */
@inline
function flushSquare(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(x, f32x4.splat(1e-36)));
}

/** Stores four elements, or what is left of them. */
@inline
function put(to: usize, x: v128, n: i32, end: bool): void {
  if (end) storeLanes(to, x, lastLanes(n));
  else v128.store(to, x);
}

/**
 * RMSprop (Hinton 2012; order of operations as torch.optim.RMSprop): square = alpha square + (1 - alpha) g^2, w -= lr g /
 * (sqrt(square) + eps). With `mean`, the running mean's square is taken off (centred); with `velocity`, steps go through momentum.
 * Either may be 0. w, square, mean and velocity are updated.
 */
export function rmsprop(
  w: usize,
  g: usize,
  square: usize,
  mean: usize,
  velocity: usize,
  n: i32,
  lr: f64,
  alpha: f64,
  eps: f64,
  weightDecay: f64,
  momentum: f64,
): void {
  if (n <= 0) return;
  const rate = f32x4.splat(<f32>lr);
  const keep = f32x4.splat(<f32>alpha);
  const blend = f32x4.splat(<f32>(1 - alpha));
  const epsilon = f32x4.splat(<f32>eps);
  const decay = f32x4.splat(<f32>weightDecay);
  const carry = f32x4.splat(<f32>momentum);
  const zero = f32x4.splat(0);
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const end = i == last;
    const weight = v128.load(w + i);
    const gradient = flush(f32x4.add(v128.load(g + i), f32x4.mul(weight, decay)));
    const fresh = f32x4.mul(f32x4.mul(gradient, gradient), blend);
    const found = flushSquare(f32x4.add(f32x4.mul(v128.load(square + i), keep), fresh));
    let spread = found;
    let middle = zero;
    if (mean) {
      middle = v128.load(mean + i);
      middle = flush(f32x4.add(middle, f32x4.mul(f32x4.sub(gradient, middle), blend)));
      // rounding must not make it negative
      const left = f32x4.sub(found, f32x4.mul(middle, middle));
      spread = v128.andnot(left, f32x4.lt(left, zero));
    }
    let step = f32x4.div(gradient, f32x4.add(f32x4.sqrt(spread), epsilon));
    if (velocity) {
      step = flush(f32x4.add(f32x4.mul(v128.load(velocity + i), carry), step));
      put(velocity + i, step, n, end);
    }
    if (mean) put(mean + i, middle, n, end);
    put(square + i, found, n, end);
    put(w + i, f32x4.sub(weight, f32x4.mul(rate, step)), n, end);
    if (end) return;
  }
}

/**
 * Adagrad (Duchi et al. 2011; order of operations as torch.optim.Adagrad): total += g^2, w -= lr g / (sqrt(total) + eps). w and
 * total are updated.
 */
export function adagrad(w: usize, g: usize, total: usize, n: i32, lr: f64, eps: f64, weightDecay: f64): void {
  if (n <= 0) return;
  const rate = f32x4.splat(<f32>lr);
  const epsilon = f32x4.splat(<f32>eps);
  const decay = f32x4.splat(<f32>weightDecay);
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const end = i == last;
    const weight = v128.load(w + i);
    const gradient = flush(f32x4.add(v128.load(g + i), f32x4.mul(weight, decay)));
    const sum = f32x4.add(v128.load(total + i), f32x4.mul(gradient, gradient));
    const step = f32x4.div(f32x4.mul(rate, gradient), f32x4.add(f32x4.sqrt(sum), epsilon));
    put(total + i, sum, n, end);
    put(w + i, f32x4.sub(weight, step), n, end);
    if (end) return;
  }
}

/**
 * AMSGrad (Reddi et al. 2018; order of operations as torch.optim.Adam(amsgrad=True)): Adam whose second moment never falls.
 * correctionI = 1 - betaI^t. w, m, v and most are updated.
 */
export function amsgrad(
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  most: usize,
  n: i32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
  weightDecay: f64,
  correction1: f64,
  correction2: f64,
): void {
  if (n <= 0) return;
  const rate = f32x4.splat(<f32>(lr / correction1));
  const root = f32x4.splat(<f32>(1 / sqrt<f64>(correction2)));
  const blend1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2);
  const blend2 = f32x4.splat(<f32>(1 - beta2));
  const epsilon = f32x4.splat(<f32>eps);
  const decay = f32x4.splat(<f32>weightDecay);
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const end = i == last;
    const weight = v128.load(w + i);
    const gradient = flush(f32x4.add(v128.load(g + i), f32x4.mul(weight, decay)));
    let mean = v128.load(m + i);
    mean = flush(f32x4.add(mean, f32x4.mul(f32x4.sub(gradient, mean), blend1)));
    const fresh = f32x4.mul(f32x4.mul(gradient, gradient), blend2);
    const square = flushSquare(f32x4.add(f32x4.mul(v128.load(v + i), keep2), fresh));
    const highest = f32x4.max(v128.load(most + i), square);
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(highest), root), epsilon);
    put(m + i, mean, n, end);
    put(v + i, square, n, end);
    put(most + i, highest, n, end);
    put(w + i, f32x4.sub(weight, f32x4.mul(rate, f32x4.div(mean, denominator))), n, end);
    if (end) return;
  }
}

/**
 * Lion (Chen et al. 2023, algorithm 2): w -= lr (sign(beta1 m + (1 - beta1) g) + weightDecay w), m = beta2 m + (1 - beta2) g; the
 * sign of 0 is 0, that of NaN is NaN. w and m are updated.
 */
export function lion(
  w: usize,
  g: usize,
  m: usize,
  n: i32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  weightDecay: f64,
): void {
  if (n <= 0) return;
  const rate = f32x4.splat(<f32>lr);
  const shrink = f32x4.splat(<f32>(1 - lr * weightDecay));
  const keep1 = f32x4.splat(<f32>beta1);
  const blend1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2);
  const blend2 = f32x4.splat(<f32>(1 - beta2));
  const zero = f32x4.splat(0);
  const signBit = i32x4.splat(i32.MIN_VALUE);
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const end = i == last;
    const gradient = flush(v128.load(g + i));
    const mean = v128.load(m + i);
    const way = f32x4.add(f32x4.mul(mean, keep1), f32x4.mul(gradient, blend1));
    // the rate with the way's sign, 0 where the way is 0, and the way itself where it is NaN
    let step = v128.or(v128.and(way, signBit), rate);
    step = v128.andnot(step, f32x4.eq(way, zero));
    step = v128.bitselect(way, step, f32x4.ne(way, way));
    const next = flush(f32x4.add(f32x4.mul(mean, keep2), f32x4.mul(gradient, blend2)));
    put(w + i, f32x4.sub(f32x4.mul(v128.load(w + i), shrink), step), n, end);
    put(m + i, next, n, end);
    if (end) return;
  }
}
