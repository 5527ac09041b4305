// Fine-tuning, whole, of the head, of both in turn and held to where it began, in closed form on quadratics.
import { near } from "../support/near.ts";
import { personally, three } from "../support/quadratic.ts";
import { test } from "../support/suite.ts";

const from = [1, -1] as const;
const coordinates = [0, 1] as const;

/** Where k steps at a rate lead from w on h/2 (w - b)^2 + lambda/2 (w - from)^2. */
function after(k: number, rate: number, w: number, h: number, b: number, lambda = 0, held = w): number {
  const end = (h * b + lambda * held) / (h + lambda);
  return end + (1 - rate * (h + lambda)) ** k * (w - end);
}

test("fine-tuning ends at the client's optimum, and after k steps where k steps lead", () => {
  for (const client of three) {
    const { h, b } = client;
    near(personally("finetuned", {}, client, from), b, 1e-9);
    for (const epochs of [0, 1, 3])
      near(
        personally("finetuned", { epochs }, client, from),
        coordinates.map((k) => after(epochs, 0.1, from[k], h[k], b[k])),
        1e-9,
      );
  }
});

test("RTFA ends at (h b + lambda w) / (h + lambda)", () => {
  for (const client of three)
    for (const lambda of [0, 0.5, 2]) {
      const { h, b } = client;
      near(
        personally("rtfa", { lambda }, client, from),
        coordinates.map((k) => (h[k] * b[k] + lambda * from[k]) / (h[k] + lambda)),
        1e-9,
      );
      near(
        personally("rtfa", { lambda, epochs: 2 }, client, from),
        coordinates.map((k) => after(2, 0.1, from[k], h[k], b[k], lambda)),
        1e-9,
      );
    }
});

test("linear probing leaves the body where it is, and LP-FT moves all of it from there at the slower rate", () => {
  for (const client of three) {
    const { h, b } = client;
    near(personally("head", {}, client, from), [from[0], b[1]], 1e-9);
    const probed = after(4, 0.1, from[1], h[1], b[1]);
    near(
      personally("lp-ft", { slower: 0.5, epochs: 3 }, client, from, { epochs: 4 }),
      [after(3, 0.05, from[0], h[0], b[0]), after(3, 0.05, probed, h[1], b[1])],
      1e-9,
    );
  }
});

test("momentum, weight decay and clipping are those of the rule", () => {
  const [{ h, b }] = [three[1]!];
  // one step with L2 in the gradient, then clipped to length 1
  const decay = 0.5;
  const gradient = coordinates.map((k) => h[k] * (from[k] - b[k]) + decay * from[k]);
  const rule = { kind: "sgd", weightDecay: decay } as const;
  near(
    personally("finetuned", { epochs: 1 }, three[1]!, from, { rule }),
    coordinates.map((k) => from[k] - 0.1 * gradient[k]!),
    1e-9,
  );
  const plain = coordinates.map((k) => h[k] * (from[k] - b[k]));
  // as PyTorch clips
  const length = Math.hypot(...plain) + 1e-6;
  near(
    personally("finetuned", { epochs: 1 }, three[1]!, from, { rule: { kind: "sgd", clip: 1 } }),
    coordinates.map((k) => from[k] - (0.1 * plain[k]!) / length),
    1e-9,
  );
  near(
    personally("finetuned", { epochs: 2 }, three[1]!, from, { rule: { kind: "sgd", momentum: 0.9 } }),
    coordinates.map((k) => {
      const [one, g] = [from[k] - 0.1 * plain[k]!, plain[k]!];
      return one - 0.1 * (0.9 * g + h[k] * (one - b[k]));
    }),
    1e-9,
  );
});

test.run();
