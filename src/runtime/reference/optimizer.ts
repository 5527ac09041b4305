// Reference twins of the optimisers' steps.
import type { Kernels } from "../kernels.wasm.ts";
import { wordAt } from "../memory.ts";
import type { Views } from "./views.ts";

const flush = (x: number, least: number): number => (Math.abs(x) < least ? 0 : x);

export function optimizer(views: Views): Pick<Kernels, "adam" | "sgd"> {
  return {
    adam(w, g, m, v, n, lr, beta1, beta2, eps, weightDecay, correction1, correction2, decoupled) {
      const { f } = views;
      for (let i = 0; i < n; i++) {
        let weight = f[wordAt(w) + i]!;
        const gradient = flush(f[wordAt(g) + i]! + (decoupled ? 0 : weightDecay * weight), 1e-17);
        const mean = flush(beta1 * f[wordAt(m) + i]! + (1 - beta1) * gradient, 1e-17);
        const square = flush(beta2 * f[wordAt(v) + i]! + (1 - beta2) * gradient ** 2, 1e-36);
        if (decoupled) weight *= 1 - lr * weightDecay;
        const denominator = Math.sqrt(square) / Math.sqrt(correction2) + eps;
        f[wordAt(w) + i] = weight - ((lr / correction1) * mean) / denominator;
        f[wordAt(m) + i] = mean;
        f[wordAt(v) + i] = square;
      }
    },

    sgd(w, g, velocity, n, lr, momentum, dampening, weightDecay, nesterov) {
      const { f } = views;
      for (let i = 0; i < n; i++) {
        const weight = f[wordAt(w) + i]!;
        let step = f[wordAt(g) + i]! + weightDecay * weight;
        if (velocity) {
          const speed = flush(momentum * f[wordAt(velocity) + i]! + (1 - dampening) * step, 1e-17);
          f[wordAt(velocity) + i] = speed;
          step = nesterov ? step + momentum * speed : speed;
        }
        f[wordAt(w) + i] = weight - lr * step;
      }
    },
  };
}
