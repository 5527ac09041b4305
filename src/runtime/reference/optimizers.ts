// Reference twins of the steps of RMSprop, Adagrad, AMSGrad and Lion.
import type { ExtraKernels } from "../extra.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

const flush = (x: number): number => (Math.abs(x) < 1e-17 ? 0 : x);
const flushSquare = (x: number): number => (x < 1e-36 ? 0 : x);

export function optimizers(views: Views): Pick<ExtraKernels, "rmsprop" | "adagrad" | "amsgrad" | "lion"> {
  const at = (pointer: number, i: number): number => views.f[wordAt(pointer) + i]!;
  const put = (pointer: number, i: number, value: number): number => (views.f[wordAt(pointer) + i] = value);
  return {
    rmsprop(w, g, square, mean, velocity, n, lr, alpha, eps, weightDecay, momentum) {
      for (let i = 0; i < n; i++) {
        const gradient = flush(at(g, i) + weightDecay * at(w, i));
        let spread = put(square, i, flushSquare(alpha * at(square, i) + (1 - alpha) * gradient ** 2));
        if (mean) {
          const middle = put(mean, i, flush(alpha * at(mean, i) + (1 - alpha) * gradient));
          spread = spread - middle ** 2 < 0 ? 0 : spread - middle ** 2;
        }
        let step = gradient / (Math.sqrt(spread) + eps);
        if (velocity) step = put(velocity, i, flush(momentum * at(velocity, i) + step));
        put(w, i, at(w, i) - lr * step);
      }
    },

    adagrad(w, g, total, n, lr, eps, weightDecay) {
      for (let i = 0; i < n; i++) {
        const gradient = flush(at(g, i) + weightDecay * at(w, i));
        const sum = put(total, i, at(total, i) + gradient ** 2);
        put(w, i, at(w, i) - (lr * gradient) / (Math.sqrt(sum) + eps));
      }
    },

    amsgrad(w, g, m, v, most, n, lr, beta1, beta2, eps, weightDecay, correction1, correction2) {
      for (let i = 0; i < n; i++) {
        const gradient = flush(at(g, i) + weightDecay * at(w, i));
        const mean = put(m, i, flush(beta1 * at(m, i) + (1 - beta1) * gradient));
        const square = put(v, i, flushSquare(beta2 * at(v, i) + (1 - beta2) * gradient ** 2));
        const highest = put(most, i, Math.max(at(most, i), square));
        put(w, i, at(w, i) - ((lr / correction1) * mean) / (Math.sqrt(highest) / Math.sqrt(correction2) + eps));
      }
    },

    lion(w, g, m, n, lr, beta1, beta2, weightDecay) {
      for (let i = 0; i < n; i++) {
        const gradient = flush(at(g, i));
        const way = beta1 * at(m, i) + (1 - beta1) * gradient;
        put(w, i, at(w, i) * (1 - lr * weightDecay) - lr * Math.sign(way));
        put(m, i, flush(beta2 * at(m, i) + (1 - beta2) * gradient));
      }
    },
  };
}
