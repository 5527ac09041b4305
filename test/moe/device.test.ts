import fc from "fast-check";
import { memory } from "../../src/autograd/stats.ts";
import { type DeviceProgress, Mixture, personalize } from "../../src/moe/device.ts";
import { trainGeneralist } from "../../src/moe/federation.ts";
import { Generalist } from "../../src/moe/generalist.ts";
import { COUNT, NOT_NEGATIVE, POSITIVE, SEED, SHARE } from "../../src/runtime/options.ts";
import { key, Stream } from "../../src/runtime/random.ts";
import { turn } from "../../src/runtime/steps.ts";
import { wrong } from "../support/options.ts";
import { refuses, refusesLater } from "../support/refuses.ts";
import { assert, suite } from "../support/suite.ts";
import { corner, points } from "../support/points.ts";

const test = suite("device");

const clients = [0, 1, 2].map((client) => points(60, new Stream(key(client)), client));
const quick = { rounds: 4, lr: 0.01, seed: 3 };
const federation = trainGeneralist(corner, clients, quick);
const short = { epochs: 6, lr: 0.01, seed: 5 };

test("a mixture answers with h p_specialist + (1 - h) p_generalist, and says h", async () => {
  const mixture = await personalize(await federation, clients[0]!, short);
  const answers = mixture.predict(clients[1]!.x);
  assert.is(answers.length, 60);
  for (const { label, probabilities, trust, specialist, generalist } of answers) {
    assert.ok(trust > 0 && trust < 1);
    probabilities.forEach((p, c) =>
      assert.ok(Math.abs(p - trust * specialist[c]! - (1 - trust) * generalist[c]!) < 1e-6),
    );
    assert.is(label, corner.classes[probabilities.indexOf(Math.max(...probabilities))]);
  }
});

test("a stream weighs each input by all before it, one by one as all at once, and goes where they come from", async () => {
  const mixture = await personalize(await federation, clients[0]!, short);
  const { labels } = clients[0]!;
  const rows = (client: number): number[][] =>
    Array.from({ length: 60 }, (_, i) => Array.from(clients[client]!.x as Float32Array).slice(2 * i, 2 * i + 2));
  const inputs = [...rows(0), ...rows(1)];
  const whole = mixture.stream({ labels });
  assert.ok(Math.abs(whole.own - 0.5) < 1e-12);
  const all = whole.predict(inputs);
  const single = mixture.stream({ labels });
  assert.equal(
    inputs.flatMap((input) => single.predict([input])),
    all,
  );
  assert.is(single.own, whole.own);
  for (const { label, probabilities, trust, specialist, generalist } of all) {
    probabilities.forEach((p, c) =>
      assert.ok(Math.abs(p - trust * specialist[c]! - (1 - trust) * generalist[c]!) < 1e-6),
    );
    assert.is(label, corner.classes[probabilities.indexOf(Math.max(...probabilities))]);
  }
  // a hazard of 1/2 forgets: the order does not matter
  const forgetful = { labels, hazard: 0.5 };
  const [forth, back] = [inputs, inputs.toReversed()].map((of) => mixture.stream(forgetful).predict(of));
  assert.equal(back!.toReversed(), forth);
  const none = [1, ...corner.classes.map(() => 0)];
  assert.equal(
    mixture.stream({ labels, calibration: none }).predict(inputs).map(({ trust }) => trust), // prettier-ignore
    all.map(({ trust }) => trust),
  );
  refuses(
    () => mixture.stream({ labels, calibration: [1] }),
    `stream: calibration, got 1 numbers, expected ${corner.classes.length + 1}`,
  );
  refuses(() => mixture.stream({ labels, hazard: 2 }), "stream: hazard, got 2, expected a number from 0 to 0.5");
  refuses(() => mixture.stream({ labels: ["no class"] }), /labels: row 0, got no class/);
  mixture.dispose();
});

test("bytes, one array of floats and an array each are the same inputs", async () => {
  const generalist = await federation;
  const nested = [
    [0.25, -0.5],
    [1, 0],
  ];
  assert.equal(generalist.predict(nested), generalist.predict(Float32Array.of(0.25, -0.5, 1, 0)));
  // (255 / 255 - 0.5) / 0.5 is 1, (0 - 0.5) / 0.5 is -1
  assert.equal(generalist.predict(Uint8Array.of(255, 0)), generalist.predict([[1, -1]]));
});

test("the same rows and seed give the same bytes, however often the work rests", async () => {
  const generalist = await federation;
  const [a, b] = [
    await personalize(generalist, clients[0]!, { ...short, slice: 0 }),
    await personalize(generalist, clients[0]!, { ...short, slice: 1000 }),
  ];
  assert.equal(a.save(), b.save());
  const c = await personalize(generalist, clients[0]!, { ...short, seed: 6 });
  assert.not.equal(a.save(), c.save());
});

test("two clients personalised at the same time do not disturb each other", async () => {
  const generalist = await federation;
  const alone = await Promise.all([0, 1].map((i) => personalize(generalist, clients[i]!, { ...short, slice: 1000 })));
  const together = await Promise.all([0, 1].map((i) => personalize(generalist, clients[i]!, { ...short, slice: 0 })));
  assert.equal(
    together.map((mixture) => mixture.save()),
    alone.map((mixture) => mixture.save()),
  );
});

test("a generalist and a mixture come back from their bytes as they were", async () => {
  const generalist = await federation;
  const mixture = await personalize(generalist, clients[0]!, short);
  const again = await Generalist.load(corner, generalist.save());
  assert.equal(again.predict(clients[2]!.x), generalist.predict(clients[2]!.x));
  const restored = await Mixture.load(corner, mixture.save());
  assert.equal(restored.predict(clients[2]!.x), mixture.predict(clients[2]!.x));
  assert.equal(restored.save(), mixture.save());
});

test("progress grows from 0 to 1 and names its phases in order", async () => {
  const heard: DeviceProgress[] = [];
  await personalize(await federation, clients[0]!, { ...short, onProgress: (at) => heard.push(at) });
  assert.equal([...new Set(heard.map(({ phase }) => phase))], ["specialist", "mixture"]);
  heard.reduce((before, { done }) => (assert.ok(done > before && done <= 1), done), 0);
});

test("an abort rejects with the reason and leaves no memory behind", async () => {
  const generalist = await federation;
  await personalize(generalist, clients[0]!, short).then((mixture) => mixture.dispose());
  const before = memory();
  const controller = new AbortController();
  const work = personalize(generalist, clients[0]!, { epochs: 1e6, slice: 0, signal: controller.signal });
  await turn();
  await turn();
  controller.abort(new Error("the page was closed"));
  assert.is(await work.catch((error: Error) => error.message), "the page was closed");
  // collected tensors of other tests may have left meanwhile
  assert.ok(memory().blocks <= before.blocks && memory().used <= before.used);
});

test("rows that do not fit are named with what was expected", async () => {
  const generalist = await federation;
  const refuses = async (rows: { x: number[][]; labels: readonly (number | string)[] }, message: RegExp) => {
    const reason = await personalize(generalist, rows as never).catch((error: Error) => error);
    assert.instance(reason, RangeError);
    assert.match((reason as Error).message, message);
  };
  await refuses({ x: [[1, 2], [1]], labels: [0, 0] }, /inputs: row 1, got 1 values, expected 2 = 2/);
  await refuses({ x: [[1, 2]], labels: [0, 1] }, /labels: got 2, expected 1/);
  await refuses({ x: [[1, 2]], labels: [3] }, /labels: row 0, got 3, expected 0 to 2/);
  await refuses({ x: [[1, 2]], labels: ["sideways"] }, /got sideways, expected left, right, up/);
  await refuses({ x: [[1, 2]], labels: [0] }, /rows: got 1, expected at least 2/);
});

test("weights of another network are refused by the name that does not fit", async () => {
  const generalist = await federation;
  const reason = await Mixture.load(corner, generalist.save()).catch((error: Error) => error);
  assert.match((reason as Error).message, /hidden.weight is missing/);
});

test("an option that is not what it should be is refused by name before anything is trained", async () => {
  const generalist = await federation;
  const rules = { epochs: COUNT, lr: POSITIVE, batchSize: COUNT, heldOut: SHARE, seed: SEED, slice: NOT_NEGATIVE };
  await fc.assert(
    fc.asyncProperty(wrong(rules), async ({ name, value, expected }) => {
      let said = "";
      try {
        await personalize(generalist, clients[0]!, { epochs: 2, [name]: value });
      } catch (error) {
        said = (error as Error).message;
      }
      assert.ok(said.startsWith(`personalize: ${name}, got `) && said.endsWith(`, expected ${expected}`), said);
    }),
    { numRuns: 100 },
  );
  await refusesLater(
    () =>
      personalize(
        generalist,
        {
          x: [
            [1, 2],
            [NaN, 0],
          ],
          labels: [0, 1],
        },
        short,
      ),
    "inputs: row 1, value 0, got NaN, expected a finite number",
  );
});

test.run();
