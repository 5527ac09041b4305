// What clients keep, in memory and in files, against a model that never forgets.
import fc from "fast-check";
import type { Vectors } from "../../src/federated/method.ts";
import { type Marks, type StateFiles, States } from "../../src/federated/states.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";

class Files implements StateFiles {
  readonly held = new Map<string, Vectors>();
  list = async (): Promise<string[]> => [...this.held.keys()];
  read = async (name: string): Promise<Vectors | undefined> => this.held.get(name);
  write = async (versions: ReadonlyMap<string, Vectors>): Promise<void> => {
    for (const [name, vectors] of versions) this.held.set(name, structuredClone(vectors));
  };
  remove = async (names: readonly string[]): Promise<void> => {
    for (const name of names) this.held.delete(name);
  };
}

type Step =
  | { readonly kind: "round"; readonly clients: readonly number[]; readonly sizes: readonly number[] }
  | { readonly kind: "best" | "checkpoint" | "kill" };

const CLIENTS = 5;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("round" as const),
      clients: fc.subarray(Array.from({ length: CLIENTS }, (_, i) => i)),
      sizes: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: CLIENTS, maxLength: CLIENTS }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("best" as const, "checkpoint" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill" as const) }) },
);

type Moment = Map<number, Vectors>;

test("every client finds what it kept, in whatever order things happen, within the budget and with no file too many", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.constantFrom(0, 100, 400, 1e9), async (steps, budget) => {
      const files = new Files();
      let states = new States(files, budget);
      let [round, now, best] = [0, new Map() as Moment, new Map() as Moment];
      let bestMarks: Marks = {};
      let saved = { round: 0, now, best, marks: {} as Marks, bestMarks };
      const check = async (): Promise<void> => {
        for (let client = 0; client < CLIENTS; client++) {
          assert.equal(await states.get(client), now.get(client) ?? {});
          assert.equal(await states.get(client, bestMarks), best.get(client) ?? {});
        }
        assert.ok(states.bytes <= Math.max(budget, 4 * 40), `${states.bytes} bytes held`);
      };
      for (const one of steps) {
        if (one.kind === "round") {
          now = new Map(now);
          // all at once, as a cohort's answers come
          await Promise.all(
            one.clients.map((client) => {
              const vectors = { own: new Float32Array(one.sizes[client]!).fill(10 * round + client) };
              now.set(client, vectors);
              return states.put(client, round, vectors);
            }),
          );
          round++;
        } else if (one.kind === "best") {
          best = now;
          bestMarks = await states.pin("best");
        } else if (one.kind === "checkpoint")
          await states.checkpoint(async (marks) => void (saved = { round, now, best, marks, bestMarks }));
        else {
          ({ round, now, best, bestMarks } = saved);
          states = new States(files, budget);
          await states.restore(saved.marks, { best: bestMarks });
        }
        await check();
      }
      const wanted = new Set(
        [states.marks, saved.marks, bestMarks, saved.bestMarks].flatMap((marks) =>
          Object.entries(marks).map(([client, at]) => `${client}-${at}`),
        ),
      );
      for (const name of files.held.keys()) assert.ok(wanted.has(name), `${name} is left over`);
      await states.clear();
      assert.is(files.held.size, 0);
      assert.is(states.bytes, 0);
    }),
    {
      numRuns: 150,
      // a best moment that comes after a checkpoint must leave it the one that it names
      examples: [
        [
          [
            { kind: "round", clients: [1], sizes: [0, 0, 0, 0, 0] },
            { kind: "best" },
            { kind: "round", clients: [1], sizes: [0, 0, 0, 0, 0] },
            { kind: "checkpoint" },
            { kind: "best" },
            { kind: "kill" },
          ],
          0,
        ],
      ],
    },
  );
});

test("without files everything that a moment needs stays in memory, and nothing else", async () => {
  const states = new States();
  await states.put(0, 0, { own: Float32Array.of(1) });
  const first = await states.pin("best");
  for (let round = 1; round < 50; round++) await states.put(0, round, { own: Float32Array.of(round) });
  assert.equal(await states.get(0), { own: Float32Array.of(49) });
  assert.equal(await states.get(0, first), { own: Float32Array.of(1) });
  assert.is(states.bytes, 8);
  await states.pin("best");
  assert.is(states.bytes, 4);
});

test("a kill while a checkpoint is written leaves the one before whole", async () => {
  const files = new Files();
  const states = new States(files, 0);
  await states.put(3, 0, { own: Float32Array.of(7) });
  let marks: Marks = {};
  await states.checkpoint(async (at) => void (marks = at));
  await states.put(3, 1, { own: Float32Array.of(8) });
  await refusesLater(
    () =>
      states.checkpoint(async () => {
        throw new Error("killed");
      }),
    "killed",
  );
  const again = new States(files, 0);
  await again.restore(marks);
  assert.equal(await again.get(3), { own: Float32Array.of(7) });
});

test("a file that is gone is named", async () => {
  const files = new Files();
  const states = new States(files, 0);
  await states.restore({ 4: 2 });
  await refusesLater(() => states.get(4), /client 4's of round 2 is gone/);
});

test.run();
