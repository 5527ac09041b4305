// A federation's Gaussians: sums that add up, what they say of a world that is Gaussian, and the line that is learnt against them.
import fc from "fast-check";
import { discriminated, fitDiscriminator } from "../../src/moe/discriminator.ts";
import { type FeatureSums, featureSums, Gaussians } from "../../src/moe/gaussians.ts";
import { labelLaw, logRatio } from "../../src/moe/labelLaw.ts";
import { gaussians } from "../../src/moe/methods/gaussians.ts";
import { evidenceOf } from "../../src/moe/posterior.ts";
import { clientCalls } from "../../src/federated/hosts/pool.ts";
import { Net, predictAll } from "../../src/nn/index.ts";
import { InThread } from "../../src/runtime/pool.ts";
import { fold, key, Stream } from "../../src/runtime/random.ts";
import { federation, settings } from "../support/federation.ts";
import { near } from "../support/near.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const classes = 3;
const width = 2;

const rows = fc.array(
  fc.record({
    x: fc.tuple(fc.double({ min: -5, max: 5, noNaN: true }), fc.double({ min: -5, max: 5, noNaN: true })),
    y: fc.nat(classes - 1),
  }),
  { minLength: 1, maxLength: 30 },
);
type Rows = typeof rows extends fc.Arbitrary<infer T> ? T : never;
const sumsOf = (of: Rows): FeatureSums =>
  featureSums(
    { values: of.flatMap(({ x }) => x), width },
    of.map(({ y }) => y),
    classes,
  );

test("sums of parts are those of the whole, and give its means and its variance within classes", () => {
  fc.assert(
    fc.property(rows, rows, (a, b) => {
      const all = [...a, ...b];
      const whole = sumsOf(all);
      for (const name of ["counts", "sums", "squares"] as const)
        near(
          sumsOf(a)[name].map((value, i) => value + sumsOf(b)[name][i]!),
          whole[name],
          1e-9,
        );
      const found = new Gaussians(whole);
      let within = 0;
      for (let c = 0; c < classes; c++) {
        const own = all.filter(({ y }) => y === c);
        near([found.law[c]!], [own.length / all.length], 1e-12);
        if (own.length === 0) continue;
        const mean = own.reduce((sum, { x }) => sum + x[1], 0) / own.length;
        near([found.means[c * width + 1]!], [mean], 1e-9);
        within += own.reduce((sum, { x }) => sum + (x[1] - mean) ** 2, 0);
      }
      near([found.variance[1]!], [Math.max(within / all.length, 1e-12)], 1e-6);
    }),
  );
  refuses(() => new Gaussians(sumsOf([])), /gaussians: rows, got 0/);
});

test("what is drawn has the law, the means and the variance that it is drawn from", () => {
  const world = new Gaussians({ counts: [10, 0, 30], sums: [10, -20, 0, 0, 90, 30], squares: [320, 110] });
  near(world.means, [1, -2, 0, 0, 3, 1], 1e-12);
  const count = 20_000;
  const drawn = world.sample(count, key(4));
  const labels = Array.from({ length: count }, (_, i) => (drawn[i * width]! + drawn[i * width + 1]! > 1.5 ? 2 : 0));
  const again = new Gaussians(featureSums({ values: drawn, width }, labels, classes));
  near([again.law[2]!], [0.75], 0.03);
  const mean = [0, 1].map((at) => drawn.reduce((sum, value, i) => (i % width === at ? sum + value : sum), 0) / count);
  near(mean, [2.5, 0.25], 0.03);
  assert.equal(world.sample(5, key(4)), drawn.slice(0, 10));
});

test("the line between two Gaussians is the logarithm of their ratio, near enough", () => {
  const stream = new Stream(fold(key(6), "noise"));
  // means apart by one standard deviation in the first feature; the second says nothing
  const cloud = (count: number, shift: number, of: Stream): number[] =>
    Array.from({ length: count }, () => {
      const noise = (): number => Array.from({ length: 12 }, () => of.uniform()).reduce((a, b) => a + b) - 6;
      return [noise() + shift, noise()];
    }).flat();
  const [own, foreign] = [cloud(4000, 1, stream), cloud(4000, 0, stream)];
  const line = fitDiscriminator({ values: own, width }, { values: foreign, width });
  const points = [-1, 0, 0.5, 1, 2];
  const found = discriminated({ values: points.flatMap((x) => [x, 0]), width }, line);
  // ln N(x; 1, 1) - ln N(x; 0, 1) = x - 1/2, held towards 0 by the ridge
  for (const [i, x] of points.entries()) {
    assert.ok(Math.abs(found[i]! - (x - 0.5)) < 0.6, `${x}: ${found[i]}`);
    assert.is(Math.sign(found[i]!) === Math.sign(x - 0.5) || x === 0.5, true);
  }
  const same = fitDiscriminator({ values: foreign, width }, { values: foreign, width });
  near(discriminated({ values: points.flatMap((x) => [x, 1]), width }, same), [0, 0, 0, 0, 0], 1e-6);
});

test("where a class looks otherwise at a client, counts of labels say nothing and features do", () => {
  // own inputs are the federation's, moved; labels are as frequent as everywhere
  const stream = new Stream(fold(key(8), "moved"));
  const cloud = (shift: number): number[] =>
    Array.from({ length: 400 }, () => [stream.uniform() + shift, stream.uniform()]).flat();
  const [own, foreign] = [cloud(0.8), cloud(0)];
  const answers = own.map((x) => [Math.log(0.1 + 0.8 * (x % 1)), Math.log(0.9 - 0.8 * (x % 1))]).flat();
  near(evidenceOf(answers, logRatio(labelLaw([0, 1], 2))), new Array(own.length).fill(0), 1e-12);
  const line = fitDiscriminator({ values: own, width }, { values: foreign, width });
  const mean = (values: readonly number[]): number => {
    const found = discriminated({ values, width }, line);
    return found.reduce((sum, one) => sum + one, 0) / found.length;
  };
  assert.ok(mean(cloud(0.8)) > 0.5 && mean(cloud(0)) < -0.5);
});

test("clients together find what all rows in one place would, in one round, and send those sums alone", async () => {
  const sent = new Set<string>();
  const ran = await federation(
    gaussians,
    {},
    {
      rounds: 1,
      cohort: settings.clients,
      validation: false,
      pool: (bench) => {
        const calls = clientCalls(bench);
        return new InThread({
          ...calls,
          train: async (list) => {
            const replies = await calls.train(list);
            for (const reply of replies)
              if ("up" in reply)
                for (const [name, { length }] of Object.entries(reply.up)) sent.add(`${name} ${length}`);
            return replies;
          },
        });
      },
    },
  );
  const { bench, end } = ran;
  const { features } = bench.kit;
  assert.equal([...sent].sort(), ["counts 3", `squares ${features}`, `sums ${3 * features}`]);
  const values: number[] = [];
  const labels: number[] = [];
  const body = new Net(bench.kit.parts.body, { group: "private", trainable: false });
  body.parameters.copyFrom(bench.kit.initialParts.body);
  for (let client = 0; client < settings.clients; client++) {
    const own = bench.stage(client, 0);
    const z = predictAll(own.validation, features, (x) => body.predict(x));
    values.push(...Array.from(z.toArray()));
    labels.push(...Array.from(own.validation.labels));
    z.dispose();
    own.dispose();
  }
  body.dispose();
  const whole = featureSums({ values, width: features }, labels, classes);
  for (const name of ["counts", "sums", "squares"] as const) near(end.now[name]!, whole[name], 1e-9);
});

test.run();
