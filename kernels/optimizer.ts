// One step of an optimiser over a flat vector of parameters. Scalars come in double precision, so that 1 - beta is
// rounded once; values too small to matter become 0, since denormal numbers cost a hundred cycles each.
import { lastLanes, lastVector, storeLanes } from "./lanes";

const magnitude = memory.data<u32>([0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff], 16);

/**
 * x where |x| >= 1e-17 or NaN, else 0. Compared as integers, which order floats without sign as numbers do: what
 * multiplies is busy dividing.
 */
@inline
function flush(x: v128): v128 {
  const below = i32x4.splat(0x233877a9);
  return v128.and(x, i32x4.gt_s(v128.and(x, v128.load(magnitude)), below));
}

/**
 * Adam (Kingma and Ba 2015; order of operations as torch.optim.Adam), or AdamW (Loshchilov and Hutter 2019) when
 * `decoupled`. m and v are the moments, correctionI = 1 - betaI^t. w, m and v are updated.
 * |g| and |m| below 1e-17 and v below 1e-36 count as 0.
 */
export function adam(
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  n: i32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
  weightDecay: f64,
  correction1: f64,
  correction2: f64,
  decoupled: i32,
): void {
  if (n <= 0) return;
  // two loops: without decay there are two products less, and products are what the loop waits for
  if (weightDecay == 0) adamSteps(w, g, m, v, n, lr, beta1, beta2, eps, 0, correction1, correction2, 0, false);
  else adamSteps(w, g, m, v, n, lr, beta1, beta2, eps, weightDecay, correction1, correction2, decoupled, true);
}

@inline
function adamSteps(
  w: usize,
  g: usize,
  m: usize,
  v: usize,
  n: i32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
  weightDecay: f64,
  correction1: f64,
  correction2: f64,
  decoupled: i32,
  decays: bool,
): void {
  const step = f32x4.splat(<f32>(lr / correction1));
  const root = f32x4.splat(<f32>(1 / sqrt<f64>(correction2)));
  const leastSquare = f32x4.splat(1e-36);
  const blend1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2);
  const blend2 = f32x4.splat(<f32>(1 - beta2));
  const epsilon = f32x4.splat(<f32>eps);
  const decay = f32x4.splat(decoupled ? 0 : <f32>weightDecay);
  const shrink = f32x4.splat(decoupled ? <f32>(1 - lr * weightDecay) : 1);
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    let weight = v128.load(w + i);
    let gradient = v128.load(g + i);
    if (decays) {
      gradient = f32x4.add(gradient, f32x4.mul(weight, decay));
      weight = f32x4.mul(weight, shrink);
    }
    gradient = flush(gradient);
    let mean = v128.load(m + i);
    mean = flush(f32x4.add(mean, f32x4.mul(f32x4.sub(gradient, mean), blend1)));
    const fresh = f32x4.mul(f32x4.mul(gradient, gradient), blend2);
    let square = f32x4.add(f32x4.mul(v128.load(v + i), keep2), fresh);
    square = v128.andnot(square, f32x4.lt(square, leastSquare));
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(square), root), epsilon);
    const updated = f32x4.sub(weight, f32x4.mul(step, f32x4.div(mean, denominator)));
    if (i == last) {
      storeLanes(m + i, mean, lastLanes(n));
      storeLanes(v + i, square, lastLanes(n));
      return storeLanes(w + i, updated, lastLanes(n));
    }
    v128.store(w + i, updated);
    v128.store(m + i, mean);
    v128.store(v + i, square);
  }
}

/**
 * Stochastic gradient descent with momentum, as torch.optim.SGD: velocity = momentum velocity + (1 - dampening) g,
 * w -= lr velocity, or lr (g + momentum velocity) when `nesterov`. velocity may be 0 when momentum is 0.
 * torch starts with velocity = g: with dampening, pass dampening 0 in the first step.
 */
export function sgd(
  w: usize,
  g: usize,
  velocity: usize,
  n: i32,
  lr: f64,
  momentum: f64,
  dampening: f64,
  weightDecay: f64,
  nesterov: i32,
): void {
  if (n <= 0) return;
  const rate = f32x4.splat(<f32>lr);
  const keep = f32x4.splat(<f32>momentum);
  const blend = f32x4.splat(<f32>(1 - dampening));
  const decay = f32x4.splat(<f32>weightDecay);
  const last = lastVector(n);
  for (let i: usize = 0; ; i += 16) {
    const weight = v128.load(w + i);
    let step = f32x4.add(v128.load(g + i), f32x4.mul(weight, decay));
    if (velocity) {
      const speed = flush(f32x4.add(f32x4.mul(v128.load(velocity + i), keep), f32x4.mul(step, blend)));
      if (i == last) storeLanes(velocity + i, speed, lastLanes(n));
      else v128.store(velocity + i, speed);
      step = nesterov ? f32x4.add(step, f32x4.mul(speed, keep)) : speed;
    }
    const updated = f32x4.sub(weight, f32x4.mul(rate, step));
    if (i == last) return storeLanes(w + i, updated, lastLanes(n));
    v128.store(w + i, updated);
  }
}
