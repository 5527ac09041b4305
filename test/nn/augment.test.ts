// Inputs that change on their way into training: by their addresses, and nowhere else.
import fc from "fast-check";
import { backward, logSoftmax, reshape, scope, sum, tensor } from "../../src/autograd/index.ts";
import { type Model, personalize, trainGeneralist } from "../../src/moe/index.ts";
import {
  Adam,
  Apply,
  Augmented,
  cropped,
  epochBatches,
  FeatureExamples,
  flipped,
  inTurn,
  likelihood,
  Linear,
  Net,
  noisy,
  predictAll,
  Sequential,
  trainEpoch,
} from "../../src/nn/index.ts";
import { fold, key } from "../../src/runtime/random.ts";
import { wave } from "../support/golden.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const size = fc.integer({ min: 1, max: 6 });

test("a flipped image is the image or its mirror, each row by its own", () => {
  fc.assert(
    fc.property(size, size, size, size, fc.integer(), (n, c, h, w, seed) => {
      const x = tensor(wave(n * c * h * w, 1, 0.3), [n, c, h, w]);
      const [before, after] = [x.toArray(), flipped()(x, key(seed)).toArray()];
      for (let row = 0; row < n; row++) {
        const of = (values: Float32Array): Float32Array => values.slice(row * c * h * w, (row + 1) * c * h * w);
        const mirror = of(before).map((_, i, all) => all[i - (i % w) + w - 1 - (i % w)]!);
        const found = of(after).join();
        assert.ok(found === of(before).join() || found === mirror.join());
      }
      assert.equal(flipped(0)(x, key(seed)).toArray(), before);
      assert.equal(flipped(1)(flipped(1)(x, key(seed)), key(1)).toArray(), before);
    }),
    { numRuns: 40 },
  );
});

test("a cropped image is a window of the image with zeros around it, and every place comes", () => {
  const [h, w, most] = [3, 4, 2];
  const x = tensor(wave(200 * h * w, 1, 0.3), [200, 1, h, w]);
  const [before, after] = [x.toArray(), cropped(most)(x, key(3)).toArray()];
  const seen = new Set<string>();
  for (let row = 0; row < 200; row++) {
    const at = (r: number, c: number): number =>
      r < 0 || c < 0 || r >= h || c >= w ? 0 : before[(row * h + r) * w + c]!;
    const places: string[] = [];
    for (let down = -most; down <= most; down++)
      for (let right = -most; right <= most; right++) {
        const window = Array.from({ length: h * w }, (_, i) => at(Math.floor(i / w) + down, (i % w) + right));
        if (window.join() === Array.from(after.slice(row * h * w, (row + 1) * h * w)).join())
          places.push(`${down},${right}`);
      }
    assert.is(places.length, 1);
    seen.add(places[0]!);
  }
  assert.is(seen.size, (2 * most + 1) ** 2);
  refuses(() => cropped(1)(tensor([1]), key(1)), "cropped: inputs, got [1], expected [rows,channels,h,w]");
  refuses(() => cropped(0), "cropped: most, got 0, expected a whole number of at least 1");
  refuses(() => flipped(2), "flipped: p, got 2, expected 0 to 1");
  refuses(() => noisy(-1), "noisy: std, got -1, expected a finite number of at least 0");
});

test("noise has the spread that is asked for, and what comes in turn has numbers of its own", () => {
  const x = tensor(new Float32Array(20_000));
  const noise = noisy(0.5)(x, key(1)).toArray();
  const spread = Math.sqrt(noise.reduce((total, value) => total + value * value, 0) / noise.length);
  assert.ok(Math.abs(spread - 0.5) < 0.01);
  const twice = inTurn(noisy(0.5), noisy(0.5))(x, key(1)).toArray();
  const both = Math.sqrt(twice.reduce((total, value) => total + value * value, 0) / twice.length);
  assert.ok(Math.abs(both - Math.SQRT1_2) < 0.01, "the same noise twice would be 1");
});

const rows = 12;
const plain = new FeatureExamples({
  x: Float32Array.from(wave(rows * 12, 1, 0.7)),
  labels: Int32Array.from({ length: rows }, (_, i) => i % 3),
  shape: [1, 3, 4],
});
const augment = inTurn(flipped(), cropped(1), noisy(0.1));
const module = new Sequential({
  flat: new Apply((x) => reshape(x, [-1, 12])),
  out: new Linear(12, 3),
  answer: new Apply(logSoftmax),
});

test("what a step sees depends on its address: the same steps see the same, others something else, and answers see nothing of it", () => {
  const augmented = new Augmented(plain, augment);
  // rows are views of an order that is gone behind an epoch
  const walked = (seed: number): string[] => {
    const found: string[] = [];
    for (const { rows, mode } of epochBatches({ examples: augmented, batchSize: 5, key: key(seed) }))
      found.push(scope(() => augmented.batch(rows, mode).x.toArray().join()));
    return found;
  };
  assert.equal(walked(1), walked(1));
  assert.is.not(walked(1)[0], walked(2)[0]);
  const asIs = predictAll(plain, 12, (x) => reshape(x, [-1, 12])).toArray();
  assert.equal(predictAll(augmented, 12, (x) => reshape(x, [-1, 12])).toArray(), asIs);
});

test("training on augmented examples goes on to the bit, and is another training than without", () => {
  const train = (of: Augmented | FeatureExamples, cut: number): string => {
    let net = new Net(module, { group: "private" }).init(1);
    for (const [from, to] of [
      [0, cut],
      [cut, 4],
    ] as const) {
      const next = new Net(module, { group: "private" });
      next.parameters.copyFrom(net.parameters);
      net = next;
      for (let epoch = from; epoch < to; epoch++) {
        const step = new Adam(net.parameters, { lr: 0.01 });
        trainEpoch({ examples: of, loss: likelihood(net), optimizer: step, batchSize: 5, key: fold(key(7), epoch) });
      }
    }
    return net.parameters.toArray().join();
  };
  const augmented = new Augmented(plain, augment);
  assert.is(train(augmented, 2), train(augmented, 4));
  assert.is.not(train(augmented, 4), train(plain, 4));
});

test("gradients do not go into what augments", () => {
  const x = tensor(wave(12, 1, 0.3), [1, 1, 3, 4]);
  x.requiresGrad = true;
  const examples = new Augmented(
    { count: 1, labels: [0], batch: (rows) => ({ x, labels: rows, rows }), dispose: () => {} },
    augment,
  );
  const { x: changed } = examples.batch(tensor([0], [1], "i32"), { train: true, key: key(1) });
  refuses(() => backward(sum(changed)), /does not depend on anything that requires a gradient/);
});

test("federations and mixtures are trained with it, by seed", async () => {
  const model: Model = {
    expert: module,
    gate: new Sequential({ flat: new Apply((x) => reshape(x, [-1, 12])), out: new Linear(12, 1) }),
    shape: [1, 3, 4],
    classes: ["a", "b", "c"],
  };
  const clients = [0, 1].map((c) => ({
    x: Float32Array.from(wave(rows * 12, 1, 0.7 + c)),
    labels: Int32Array.from({ length: rows }, (_, i) => i % 3),
  }));
  const run = async (of?: typeof augment): Promise<string> => {
    const options = { seed: 1, ...(of && { augment: of }) };
    const generalist = await trainGeneralist(model, clients, { rounds: 2, ...options });
    const mixture = await personalize(generalist, clients[0]!, { epochs: 2, ...options });
    return Buffer.from(mixture.save()).toString("base64");
  };
  assert.is(await run(augment), await run(augment));
  assert.is.not(await run(augment), await run());
});

test.run();
