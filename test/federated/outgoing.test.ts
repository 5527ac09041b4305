// The gate at which a client's answer leaves: what was not declared stays, however it is dressed.
import fc from "fast-check";
import { outgoing } from "../../src/federated/outgoing.ts";
import { Linear, Net, Parameters } from "../../src/nn/index.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const module = new Linear(3, 2);
const shared = new Net(module, { group: "shared" }).init(1);
const secret = new Net(module, { group: "private" }).init(2);

test("a private group is not relabelled, and does not move into a shared one", () => {
  const refusal =
    "parameters: a private group into a shared one, which may leave the client; share what was trained as shared";
  refuses(() => secret.clone({ group: "shared" }), refusal);
  const into = new Parameters(module.specs, "shared").copyFrom(new Float32Array(8));
  refuses(() => into.copyFrom(secret.parameters), refusal);
  refuses(() => into.copyMatching(secret.parameters), refusal);
  assert.equal(into.toArray(), new Float32Array(8));
  // the other way is how a specialist begins
  assert.equal(shared.clone({ group: "private" }).parameters.toArray(), shared.parameters.toArray());
});

const method = { name: "m", sends: ["model", "expert.*", "wants?"] };
const one = Float32Array.of(1);
const send = (up: object, metrics: object = { trainLoss: 0 }, examples = 1): unknown =>
  outgoing(method, 3, { up, metrics, examples } as never, 1);

test("vectors leave under declared names and no others, and are vectors", () => {
  const names = fc.uniqueArray(
    fc.constantFrom("model", "wants", "expert.1", "expert", "gate", "model.2", "constructor"),
  );
  const values = fc.constantFrom<unknown>(one, one, one, [1], null, "1", Float32Array.of(NaN), new Uint8Array(1));
  const isDeclared = (name: string): boolean => name === "model" || name === "wants" || name.startsWith("expert.");
  fc.assert(
    fc.property(names, fc.array(values, { minLength: 7, maxLength: 7 }), (some, what) => {
      const up = Object.fromEntries(some.map((name, i) => [name, what[i]]));
      const fits = some.includes("model") && some.every((name, i) => isDeclared(name) && what[i] === one);
      if (fits) assert.equal((send(up) as { up: object }).up, up);
      else assert.throws(() => send(up), /client 3/);
    }),
    { numRuns: 500 },
  );
});

test("scalars are finite single floats and few, and so is the weight", () => {
  const scalars = fc.dictionary(fc.constantFrom("trainLoss", "loss", "gate0"), fc.anything(), { maxKeys: 3 });
  fc.assert(
    fc.property(scalars, (metrics) => {
      const fits = Object.values(metrics).every((value) => typeof value === "number" && Math.abs(value) < 3.5e38);
      if (fits) assert.equal((send({ model: one }, metrics) as { metrics: object }).metrics, metrics);
      else assert.throws(() => send({ model: one }, metrics), /client 3: /);
    }),
    { numRuns: 300 },
  );
  const weights = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`gate${i}`, i]));
  refuses(() => send({ model: one }, weights), "m: client 3 has 17 scalars, expected at most 16");
  for (const examples of [-1, 0.5, NaN, 1e308])
    refuses(() => send({ model: one }, {}, examples), /client 3: examples, got .* expected a whole number/);
});

test.run();
