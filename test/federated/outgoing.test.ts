// The gate at which a client's answer leaves: what was not declared stays, however it is dressed.
import fc from "fast-check";
import {
  type FederatedClient,
  InProcess,
  isRejection,
  SharedVector,
  type TrainReply,
} from "../../src/federated/index.ts";
import { declarationOf, outgoingScores, outgoingUpdate } from "../../src/federated/outgoing.ts";
import { Linear, Net, Parameters } from "../../src/nn/index.ts";
import { refuses } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

const module = new Linear(3, 2);
const shared = new Net(module, { group: "shared" }).init(1);
const secret = new Net(module, { group: "private" }).init(2);
const secrets = secret.parameters.toArray();

function client(train: () => TrainReply, more: Partial<FederatedClient> = {}): FederatedClient {
  const evaluate = (): never => {
    throw new Error("not asked for");
  };
  return { id: 0, specs: shared.parameters.specs, train, evaluate, ...more };
}

const reply = (of: SharedVector): TrainReply => ({ shared: of, examples: 1, metrics: { trainLoss: 0 } });

/** What leaves, or why nothing does. */
async function sent(one: FederatedClient): Promise<string | Float32Array> {
  const [answer] = await new InProcess(() => one).train([0], new Float32Array(8), 0);
  return isRejection(answer) ? answer.reason : answer!.values;
}

test("a copy of a shared vector can be changed, the vector cannot", async () => {
  const vector = SharedVector.of(shared.parameters);
  const before = shared.parameters.toArray();
  vector.values.set(secrets);
  assert.equal(await sent(client(() => reply(vector))), before);
  assert.throws(() => Object.assign(vector.specs[0]!, { name: "gate" }), /read only/);
});

test("what looks like a shared vector, in whatever way, is none", async () => {
  const { specs } = shared.parameters;
  const look = (): { values: Float32Array; specs: typeof specs } => ({ values: secrets, specs });
  const disguises: unknown[] = [
    look(),
    Object.assign(Object.create(SharedVector.prototype) as object, { specs }),
    new Proxy(SharedVector.of(shared.parameters), {}),
    null,
    undefined,
  ];
  for (const disguise of disguises)
    assert.is(await sent(client(() => reply(disguise as SharedVector))), "sent something else than a SharedVector");
  refuses(
    () => SharedVector.of({ group: "shared", specs, toArray: () => secrets } as never),
    "SharedVector: got something else than Parameters; only a model's parameters leave a client",
  );
});

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

test("other tensors than were declared are not sent, by name, shape or number", async () => {
  const tensors = fc.array(
    fc.record({
      name: fc.constantFrom("weight", "bias", "gate.weight"),
      shape: fc.constantFrom([2, 3], [3, 2], [2], [6]),
    }),
    { minLength: 1, maxLength: 3 },
  );
  const declared = shared.parameters.specs.map(({ name, shape }) => `${name}[${shape}]`).join();
  await fc.assert(
    fc.asyncProperty(tensors, async (specs) => {
      const block = new Parameters(specs, "shared", { trainable: false });
      block.copyFrom(new Float32Array(block.size));
      const answer = await sent(client(() => reply(SharedVector.of(block))));
      block.dispose();
      if (specs.map(({ name, shape }) => `${name}[${shape}]`).join() === declared)
        assert.instance(answer, Float32Array);
      else assert.match(String(answer), /^shared tensors, got .*declared .*; not sent$/);
    }),
  );
});

test("scalars are numbers under declared names, whatever a client would say with them", () => {
  const declared = declarationOf(client(() => reply(SharedVector.of(shared.parameters))));
  const scalars = fc.dictionary(fc.constantFrom("trainLoss", "loss", "gate0", "__proto__"), fc.anything(), {
    maxKeys: 3,
  });
  const vector = SharedVector.of(shared.parameters);
  fc.assert(
    fc.property(scalars, (metrics) => {
      const fits =
        Object.keys(metrics).join() === "trainLoss" &&
        typeof metrics["trainLoss"] === "number" &&
        Math.abs(metrics["trainLoss"]) < 3.5e38;
      const send = (): unknown => outgoingUpdate(declared, { ...reply(vector), metrics: metrics as never });
      if (fits) assert.equal((send() as { metrics: object }).metrics, { ...metrics });
      else assert.throws(send, /client 0: /);
    }),
    { numRuns: 300 },
  );
});

test("a gate's weights are too many scalars, and a declaration of them is refused", () => {
  const weights = Object.fromEntries(Array.from(secrets, (weight, i) => [`gate${i}`, weight]));
  const one = client(() => reply(SharedVector.of(shared.parameters)));
  refuses(
    () => outgoingScores(declarationOf(one), { examples: 1, metrics: { ...weights, loss: 1, accuracy: 1 } }),
    "client 0: evaluate metrics, got gate0, gate1, gate2, ... (10), declared loss, accuracy; declare them in the client's `metrics`",
  );
  const names = Array.from({ length: 17 }, (_, i) => `gate${i}`);
  const greedy = client(one.train as never, { metrics: { train: names, evaluate: [] } });
  refuses(() => declarationOf(greedy), /train metrics, got 17 names, expected at most 16 different names/);
  const speaking = client(one.train as never, { metrics: { train: ["0.25, 0.75, a name that says"], evaluate: [] } });
  refuses(() => declarationOf(speaking), /got 0.25, 0.75, a name that says/);
});

test.run();
