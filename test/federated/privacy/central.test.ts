import fc from "fast-check";
import { ledgerOf, type Noise, privately, updateMultiplier } from "../../../src/federated/privacy/central.ts";
import { addressedNoise, cryptographicNoise } from "../../../src/federated/privacy/noise.ts";
import { methods } from "../../../src/federated/methods/index.ts";
import { heavyBall } from "../../../src/federated/serverSteps.ts";
import { averaging, stepping } from "../../../src/federated/servers.ts";
import type { ServerSide, Update, Vectors } from "../../../src/federated/method.ts";
import { key } from "../../../src/runtime/random.ts";
import { kitOf } from "../../support/federation.ts";
import { assert, suite } from "../../support/suite.ts";

const test = suite("central privacy");

const silent: Noise = () => {};
const where = { round: 0, cohort: 4, clients: 9, key: key(1) };
const options = { clip: 1, multiplier: 1, expected: 4, sends: ["model"], noise: silent };

const update = (client: number, model: ArrayLike<number>, examples = 1): Update => ({
  client,
  examples,
  up: { model: Float64Array.from(model) },
  metrics: { trainLoss: 0 },
});

function after(server: ServerSide, state: Vectors, updates: readonly Update[], round = 0): Vectors {
  const gathering = server.gather(state, { ...where, round });
  for (const one of updates) gathering.add(one);
  return gathering.result();
}

const vector = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 3, maxLength: 3 });

test("without noise it is the mean of clipped differences, whatever rows a client says it has", () => {
  fc.assert(
    fc.property(
      vector,
      fc.array(fc.tuple(vector, fc.integer({ min: 1, max: 999 })), { maxLength: 6 }),
      (base, sent) => {
        const server = privately(averaging(), options);
        const state = server.begin({ model: Float64Array.from(base) });
        const { model } = after(server, state, sent.map(([values, rows], i) => update(i, values, rows))); // prettier-ignore
        const wanted = base.map((from, i) => {
          const moves = sent.map(([values]) => {
            const norm = Math.hypot(...values.map((value, j) => value - base[j]!));
            return (values[i]! - from) * Math.min(1, 1 / Math.max(norm, 1e-300));
          });
          return from + moves.reduce((sum, move) => sum + move, 0) / 4;
        });
        model!.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]!) < 1e-12));
      },
    ),
  );
});

test("one client, whatever it sends, moves the sum by the clip at most, and by nothing with what is no number", () => {
  const hostile = fc.array(fc.double(), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(vector, hostile, (base, sent) => {
      const server = privately(averaging(), options);
      const state = server.begin({ model: Float64Array.from(base) });
      const { model } = after(server, state, [update(0, sent)]);
      const moved = Math.hypot(...Array.from(model!, (value, i) => 4 * (value - base[i]!)));
      assert.ok(moved <= 1 + 1e-9, `${moved}`);
    }),
  );
});

test("what the server makes of the noisy mean it makes of nothing else", () => {
  // momentum after the noise: the same as of an update that says the noisy mean itself
  const inner = stepping(averaging(), "model", heavyBall({ lr: 1, beta: 0.5 }));
  const server = privately(inner, { ...options, noise: addressedNoise(key(7)) });
  const plain = privately(averaging(), { ...options, noise: addressedNoise(key(7)) });
  const initial = { model: Float64Array.of(1, 2, 3) };
  const sent = [update(0, [1.5, 2, 3]), update(1, [1, 1, 3])];
  const noisy = after(plain, plain.begin(initial), sent);
  const stepped = after(inner, inner.begin(initial), [{ ...update(0, noisy["model"]!) }]);
  const { "privacy.ledger": ledger, ...state } = after(server, server.begin(initial), sent);
  assert.equal(state, stepped);
  assert.equal(ledger, Float64Array.of(1, 1));
});

test("a round that nobody came to is noised and charged like any other", () => {
  const server = privately(averaging(), { ...options, noise: addressedNoise(key(3)) });
  const state = after(server, server.begin({ model: new Float32Array(50) }), []);
  assert.ok(state["model"]!.every((value) => value !== 0));
  assert.is(ledgerOf(state)!.rounds, 1);
});

test("the ledger stays with the server: nobody is sent it", () => {
  const server = privately(averaging(), options);
  const state = server.begin({ model: new Float32Array(2) });
  const to = { client: 1, round: 0, purpose: "turn", key: key(1) } as const;
  assert.equal(Object.keys(server.down!(state, to)), ["model"]);
});

test("an adaptive clip comes to its quantile of the norms", () => {
  const server = privately(averaging(), { ...options, multiplier: 1e-3, expected: 100, quantile: 0.7, clip: 50, noise: addressedNoise(key(5)) }); // prettier-ignore
  let state = server.begin({ model: new Float64Array(1) });
  // norms 0.1, 0.2, ..., 10 about the model as it is
  for (let round = 0; round < 300; round++) {
    const at = state["model"]![0]!;
    state = after(server, state, Array.from({ length: 100 }, (_, i) => update(i, [at + ((i % 2 ? 1 : -1) * (i + 1)) / 10])), round); // prettier-ignore
  }
  const { clip } = ledgerOf(state)!;
  assert.ok(clip > 6.3 && clip < 7.7, `${clip}`);
  // both noises together cost what one of the multiplier would: 1/z^2 = 1/left^2 + 1/(2 s)^2
  const left = updateMultiplier({ ...options, multiplier: 2, expected: 100, quantile: 0.5 });
  assert.ok(Math.abs(1 / 4 - (1 / left ** 2 + 1 / 100)) < 1e-12);
  assert.throws(() => updateMultiplier({ ...options, multiplier: 11, expected: 100, quantile: 0.5 }), /expected less than 10/); // prettier-ignore
});

test("noise is normal, of its size, and addressed or not to be repeated", () => {
  for (const [noise, repeats] of [
    [addressedNoise(key(9)), true],
    [cryptographicNoise, false],
  ] as const) {
    // prettier-ignore
    const draw = (what: string): Float64Array => {
      const values = new Float64Array(40_001);
      noise(values, 3, { what, round: 2 });
      return values;
    };
    const values = draw("model");
    const moment = (n: number): number => values.reduce((sum, value) => sum + (value / 3) ** n, 0) / values.length;
    for (const [n, wanted, tolerance] of [
      [1, 0, 0.03],
      [2, 1, 0.04],
      [3, 0, 0.12],
      [4, 3, 0.3],
    ] as const)
      // prettier-ignore
      assert.ok(Math.abs(moment(n) - wanted) < tolerance, `moment ${n}: ${moment(n)}`);
    assert.is(draw("model")[0] === values[0], repeats);
    assert.not.equal(values, draw("control"));
  }
});

test("methods whose servers do more than average are refused", () => {
  const kit = kitOf();
  const refused = [...methods.values()].filter((one) => {
    try {
      privately(one.server(one.options, kit), { ...options, sends: one.sends });
      return false;
    } catch (error) {
      assert.match((error as Error).message, /does not average/);
      return true;
    }
  });
  const names = refused.map(({ name }) => name);
  for (const name of ["scaffold", "ifca", "fedamp", "krum", "fedas", "fednova", "apple"]) assert.ok(names.includes(name), name); // prettier-ignore
  for (const name of ["fedavg", "fedprox", "ditto", "fedadam", "fedper", "pfedme"]) assert.not.ok(names.includes(name), name); // prettier-ignore
});

test.run();
