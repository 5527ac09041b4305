import fc from "fast-check";
import { memory, mul, scope, tensor } from "../../src/autograd/index.ts";
import { FloatExamples, ImageExamples, predictAll } from "../../src/nn/index.ts";
import { batches } from "../../src/nn/examples.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

// four images of 2 channels, 1 x 3
const images = {
  x: Uint8Array.from({ length: 24 }, (_, i) => i * 10),
  labels: Uint8Array.of(3, 1, 0, 2),
  shape: [2, 1, 3],
  normalization: { mean: [0.5, 0.25], std: [0.5, 2] },
};

const whole = (...values: number[]): ReturnType<typeof tensor> => tensor(values, [values.length], "i32");

/** What a row of images becomes: (byte / 255 - mean) / std by channel. */
function normalised(row: number): number[] {
  return Array.from({ length: 6 }, (_, i) => {
    const c = Math.floor(i / 3);
    return (images.x[row * 6 + i]! / 255 - images.normalization.mean[c]!) / images.normalization.std[c]!;
  });
}

test("batches are normalised by channel, in the order asked, with their labels", () => {
  const examples = new ImageExamples(images);
  scope(() => {
    const { x, labels, rows } = examples.batch(whole(2, 0, 2));
    assert.equal([x.shape, labels.dtype], [[3, 2, 1, 3], "i32"]);
    near(x.toArray(), [...normalised(2), ...normalised(0), ...normalised(2)]);
    assert.equal(Array.from(labels.toArray()), [0, 3, 0]);
    assert.equal(Array.from(rows.toArray()), [2, 0, 2]);
  });
  examples.dispose();
});

test("a normalisation that lacks a channel is refused rather than read past its end", () => {
  for (const what of ["mean", "std"] as const)
    for (const values of [[], [0.5], [0.5, 0.5, 0.5]])
      refuses(
        () => new ImageExamples({ ...images, normalization: { ...images.normalization, [what]: values } }),
        `images: normalization.${what}, got ${values.length} numbers, expected 2, one for each channel`,
      );
});

test("chosen rows are the examples, numbered anew", () => {
  const examples = new ImageExamples(images, [3, 1]);
  assert.equal([examples.count, Array.from(examples.labels)], [2, [2, 1]]);
  scope(() => {
    const { x, labels } = examples.batch(whole(1, 0));
    near(x.toArray(), [...normalised(1), ...normalised(3)]);
    assert.equal(Array.from(labels.toArray()), [1, 2]);
  });
  examples.dispose();
});

test("bytes 0 and 255 become -1 and 1 under the authors' normalisation", () => {
  const examples = new ImageExamples({
    x: Uint8Array.of(0, 255),
    labels: [0],
    shape: [1, 1, 2],
    normalization: { mean: [0.5], std: [0.5] },
  });
  scope(() => near(examples.batch(whole(0)).x.toArray(), [-1, 1]));
  examples.dispose();
});

test("staged rows do not follow their source, and give all memory back", () => {
  const before = memory();
  const x = images.x.slice();
  const examples = new ImageExamples({ ...images, x }, [0]);
  x.fill(0);
  scope(() => near(examples.batch(whole(0)).x.toArray(), normalised(0)));
  examples.dispose();
  assert.equal([memory().used, memory().blocks], [before.used, before.blocks]);
});

test("no rows are examples too", () => {
  const examples = new ImageExamples(images, []);
  assert.is(examples.count, 0);
  const answers = predictAll(examples, 2, () => {
    throw new Error("there is nothing to answer");
  });
  assert.equal(answers.shape, [0, 2]);
  examples.dispose();
});

test("floats go through as they are", () => {
  const examples = new FloatExamples(tensor([1, 2, 3, 4], [2, 2]), [1, 0]);
  scope(() => {
    const { x, labels } = examples.batch(whole(1));
    assert.equal([x.shape, Array.from(x.toArray()), Array.from(labels.toArray())], [[1, 2], [3, 4], [0]]);
  });
  refuses(() => new FloatExamples(tensor([1, 2]), [0]), "examples: 2 rows, got 1 labels");
});

test("batches cut an order into consecutive parts", () => {
  const order = fc.tuple(fc.array(fc.nat(100), { maxLength: 40 }), fc.integer({ min: 1, max: 12 }));
  fc.assert(
    fc.property(order, ([order, size]) => {
      const parts = [...batches(whole(...order), size)].map((part) => Array.from(part.toArray()));
      assert.equal(parts.flat(), order);
      assert.is(parts.length, Math.ceil(order.length / size));
      assert.ok(parts.slice(0, -1).every((part) => part.length === size));
    }),
  );
});

test("predictAll asks for every example once, in order, and keeps the answers", () => {
  const count = 300;
  const examples = new FloatExamples(
    tensor(
      Float32Array.from({ length: count }, (_, i) => i),
      [count, 1],
    ),
    new Int32Array(count),
  );
  const sizes: number[] = [];
  const answers = predictAll(examples, 1, (x, rows) => {
    sizes.push(rows.size);
    assert.equal(Array.from(rows.toArray()), Array.from(x.toArray()));
    return x;
  });
  assert.ok(sizes.length > 1, "in several batches");
  assert.equal(
    Array.from(answers.toArray()),
    Array.from({ length: count }, (_, i) => i),
  );
  answers.dispose();
});

test("predictAll records no history, whatever it asks", () => {
  const examples = new FloatExamples(tensor([1, 2], [2, 1]), [0, 0]);
  const w = tensor([3]);
  w.requiresGrad = true;
  predictAll(examples, 1, (x) => {
    const y = mul(x, w);
    assert.not(y.requiresGrad);
    return y;
  }).dispose();
  assert.ok(mul(w, w).requiresGrad);
});

test("answers of the wrong width are refused instead of written over their neighbours, and leave nothing behind", () => {
  const examples = new FloatExamples(tensor([1, 2, 3, 4], [2, 2]), [0, 1]);
  predictAll(examples, 2, (x) => x).dispose();
  const before = memory();
  refuses(() => predictAll(examples, 1, (x) => x), "copyInto: [2,2] does not fit into [2,1]; sizes must be equal");
  assert.equal(memory(), before);
});

test.run();
