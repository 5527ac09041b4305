import fc from "fast-check";
import { suite, assert } from "../support/suite.ts";
import { clientTrainer, KeptStates, type Participant } from "../../src/federated/backends/flower/index.ts";
import { instructionOf } from "../../src/federated/backends/flower/instruction.ts";
import { flatten } from "../../src/federated/backends/flower/objects.ts";
import { arrayObject, configObject, readContent, recordObject } from "../../src/federated/backends/flower/records.ts";
import type { Task } from "../../src/federated/backends/flower/task.ts";
import type { StateFiles } from "../../src/federated/states.ts";
import type { Vectors } from "../../src/federated/turn.ts";
import { steppingClient } from "./support/clients.ts";

const kept = suite("flower kept states");

const federation = "0123456789abcdef0123456789abcdef";
const whose = { federation, method: "counting", client: 3 };

kept("a version stays as long as somebody may go back to it, and not longer", async () => {
  const files = new Map<string, Vectors>();
  const store: StateFiles = {
    list: async () => [...files.keys()],
    read: async (name) => files.get(name),
    write: async (versions) => {
      for (const [name, vectors] of versions) files.set(name, vectors);
    },
    remove: async (names) => {
      for (const name of names) files.delete(name);
    },
  };
  const rounds = fc.uniqueArray(fc.nat(20), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(20), rounds), { maxLength: 12 }), async (puts) => {
      files.clear();
      const states = new KeptStates(() => store);
      const model = new Map<number, number>();
      for (const [at, [round, needed]] of puts.entries()) {
        await states.put(whose, round, { own: Float32Array.of(at) }, needed);
        model.set(round, at);
        for (const one of model.keys()) if (one !== round && !needed.includes(one)) model.delete(one);
      }
      assert.is(files.size, model.size);
      for (const [round, at] of model) assert.is((await states.get(whose, round))["own"]![0], at);
      const gone = 21;
      const why = await states.get(whose, gone).catch((error: Error) => error.message);
      assert.match(String(why), "states: client 3's of round 21, got nothing, expected what it kept then");
    }),
  );
  assert.equal(await new KeptStates(() => store).get(whose, undefined), {});
});

/** Counts its turns, and sends the count. */
function counting(): Participant {
  return {
    client: 3,
    method: { name: "counting", sends: ["count"], keeps: ["own"] },
    tensors: [],
    initial: () => ({ count: new Float32Array(1) }),
    train: ({ kept: { own } }) => {
      const count = Float32Array.of((own?.[0] ?? 0) + 1);
      return { up: { count }, kept: { own: count }, examples: 1, metrics: { trainLoss: 0 } };
    },
    evaluate: ({ kept: { own } }) => ({ examples: 1, metrics: { count: own?.[0] ?? 0 } }),
  };
}

async function instruction(messageType: string, config: Record<string, number | string>): Promise<Task> {
  const content = await recordObject("RecordDict", [
    ["arrays", await recordObject("ArrayRecord", [["count", await arrayObject([1], new Float32Array(1))]])],
    ["config", await configObject({ method: "counting", federation, "server-round": 1, ...config })],
  ]);
  return {
    messageType,
    rootId: content.id,
    objects: new Map(flatten(content).map((object) => [object.id, object.content])),
  };
}

kept("a turn begins with the version that the server names: asked for twice it is the same turn", async () => {
  const states = new KeptStates();
  const { answer } = clientTrainer({ client: counting(), states });
  const turn = async (config: Record<string, number | string>): Promise<string> =>
    (await answer(await instruction("train", config))).content.id;
  const first = await turn({ "server-round": 1 });
  const second = await turn({ "server-round": 2, "kept-round": 0, "needed-rounds": "0" });
  assert.is(await turn({ "server-round": 2, "kept-round": 0, "needed-rounds": "0" }), second);
  assert.is(await turn({ "server-round": 1 }), first, "of another federation, or begun anew");
  assert.is((await states.get(whose, 0))["own"]![0], 1);
  const lost = await answer(await instruction("train", { "kept-round": 7 })).catch((error: Error) => error.message);
  assert.match(String(lost), "states: client 3's of round 7");
});

kept("who is asked for another method, or on other terms, says so", async () => {
  const { answer } = clientTrainer({ client: counting(), terms: "a".repeat(64) });
  const ask = async (type: string, config: Record<string, number | string>): Promise<string> =>
    answer(await instruction(type, config)).then(
      () => "answered",
      (error: Error) => error.message,
    );
  assert.is(await ask("query.who", {}), "answered");
  assert.is(await ask("train", { terms: "a".repeat(64) }), "answered");
  assert.match(await ask("train", { terms: "b".repeat(64) }), "config: terms, got bbbbbbbbbbbb, expected aaaaaaaaaaaa");
  assert.match(await ask("train", { method: "ditto" }), "config: method, got ditto, expected counting");
  assert.match(await ask("train", { method: "../../etc" }), "config: method, got ../../etc");
  assert.match(await ask("train", { federation: "../../../etc" }), "config: federation, got ../../../etc");
  assert.match(await ask("train", { "kept-round": -1 }), "config: kept-round, got -1");
  assert.match(await ask("train", { effort: 2 }), "config: effort, got 2");
  // a method of ours that keeps something is more than an average
  const plain = clientTrainer({ client: counting() });
  const content = await recordObject("RecordDict", [["arrays", await recordObject("ArrayRecord", [])]]);
  const objects = new Map(flatten(content).map((object) => [object.id, object.content]));
  const refused = await plain
    .answer({ messageType: "train", rootId: content.id, objects })
    .catch((error: Error) => error.message);
  assert.match(String(refused), "counting: the server averages models and knows no method");
});

kept("behind a clip nothing is further from what the server sent, whatever the method calls it", async () => {
  const privacy = { clip: 1 };
  const two = (sends: readonly string[], differences: readonly string[] = []): Participant => ({
    ...steppingClient(),
    method: { name: "two", sends, receives: ["model", "control"], differences },
    train: () => ({
      up: { model: Float32Array.of(13, 10), control: Float32Array.of(0, 4) },
      examples: 1,
      metrics: { trainLoss: 0 },
    }),
  });
  const content = await recordObject("RecordDict", [
    [
      "arrays",
      await recordObject("ArrayRecord", [
        ["model", await arrayObject([2], Float32Array.of(10, 10))],
        ["control", await arrayObject([2], Float32Array.of(0, 0))],
      ]),
    ],
    ["config", await configObject({ method: "two", federation })],
  ]);
  const objects = new Map(flatten(content).map((object) => [object.id, object.content]));
  const { answer } = clientTrainer({ client: two(["model", "control"], ["control"]), privacy });
  const sent = await answer({ messageType: "train", rootId: content.id, objects });
  const { arrays } = readContent(
    sent.content.id,
    new Map(flatten(sent.content).map((object) => [object.id, object.content])),
  );
  // a difference of 3 in one and 4 in the other is one of 5 together
  const values = [...arrays.get("arrays")!.values()].map(({ data }) => Array.from(data, Number));
  assert.ok(Math.abs(values[0]![0]! - 10.6) < 1e-6 && Math.abs(values[1]![1]! - 0.8) < 1e-6, String(values));
  for (const sends of [["model", "wants?"], ["model.*"], ["model", "law"]])
    assert.throws(() => clientTrainer({ client: two(sends), privacy }), /^privacy: two (says something by|sends law)/);
});

kept("what an instruction says is read whole or refused", () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom("server-round", "method", "federation", "effort", "kept-round", "needed-rounds", "terms"),
        fc.oneof(fc.double(), fc.nat(), fc.string(), fc.constantFrom(federation, "ditto"), fc.boolean()),
      ),
      (config) => {
        try {
          const { order, round } = instructionOf(new Map([["config", new Map(Object.entries(config))]]));
          assert.ok(Number.isSafeInteger(round) && round >= 0);
          if (order) assert.match(order.federation, /^[0-9a-f]{32}$/);
        } catch (error) {
          assert.match((error as Error).message, /^config: [\w-]+, got .*, expected /);
        }
      },
    ),
  );
});

kept.run();
