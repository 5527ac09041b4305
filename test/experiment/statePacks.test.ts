// What clients keep, in packs: against a model that never forgets, killed at any write, with damaged files, and in whole runs.
import fc from "fast-check";
import { StatePacks } from "../../src/experiment/statePacks.ts";
import { MemoryStore, type RunEvent } from "../../src/experiment/index.ts";
import type { Vectors } from "../../src/federated/turn.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { config, leftIn, recordsOf, runTiny } from "../support/tiny.ts";

/** A store that is killed before a change, and does nothing from then on. */
class Mortal extends MemoryStore {
  left = Infinity;

  override async write(name: string, content: Uint8Array | string): Promise<void> {
    if (this.left-- <= 0) throw new Error("killed");
    await super.write(name, content);
  }

  override async remove(name: string): Promise<void> {
    if (this.left-- <= 0) throw new Error("killed");
    await super.remove(name);
  }
}

const names = Array.from({ length: 12 }, (_, i) => `${i % 6}-${i}`);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ write: fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 8 }), size: fc.nat(60) }),
  },
  { weight: 2, arbitrary: fc.record({ remove: fc.uniqueArray(fc.nat(11), { maxLength: 8 }) }) },
  { weight: 1, arbitrary: fc.record({ kill: fc.nat(6) }) },
);

test("whatever is written, removed and killed, each version that was there and was not removed is there, and packs are half full", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.constantFrom(1, 900, 1e6), async (steps, most) => {
      const store = new Mortal();
      let packs = new StatePacks(store, "states/own", most);
      const model = new Map<string, Vectors>();
      // what was removed is not needed by anybody, and may be found in a pack again after a kill
      const ever = new Map<string, Vectors[]>();
      let value = 0;
      for (const one of steps) {
        if ("kill" in one) {
          store.left = one.kill;
          continue;
        }
        // a version under way when all ends may be there or not, and one that was there before is one of the two
        const open = new Map<string, (Vectors | undefined)[]>();
        const vectors = (i: number): [string, Vectors] => [
          names[i]!,
          { own: new Float32Array("size" in one ? one.size : 0).fill(++value), count: Float64Array.of(value) },
        ];
        const written = "write" in one ? one.write.map(vectors) : [];
        const removed = "remove" in one ? one.remove.map((i) => names[i]!) : [];
        for (const [name, now] of written) {
          open.set(name, [model.get(name), now, ...(model.has(name) ? [] : (ever.get(name) ?? []))]);
          ever.set(name, [...(ever.get(name) ?? []), now]);
        }
        for (const name of removed) {
          const others = model.has(name) ? [] : (ever.get(name) ?? []);
          open.set(name, [model.get(name), undefined, ...others]);
        }
        try {
          if ("write" in one) await packs.write(new Map(written));
          else await packs.remove(removed);
          for (const [name, [, now]] of open)
            if (now) model.set(name, now);
            else model.delete(name);
        } catch (error) {
          assert.is((error as Error).message, "killed");
          store.left = Infinity;
          packs = new StatePacks(store, "states/own", most);
          const listed = new Set(await packs.list());
          for (const [name, either] of open) {
            const found = listed.has(name) ? await packs.read(name) : undefined;
            assert.ok(
              either.some((may) => JSON.stringify(shown(may)) === JSON.stringify(shown(found))),
              name,
            );
            if (found) model.set(name, found);
            else model.delete(name);
          }
          // who goes on says what it needs of what it finds
          await packs.remove([...listed].filter((name) => !model.has(name)));
        }
        for (const [name, kept] of model) assert.equal(await packs.read(name), kept, name);
        for (const name of names) if (!model.has(name)) assert.is(await packs.read(name), undefined, name);
      }
      store.left = Infinity;
      await packs.remove(names);
      assert.equal(await store.list("states/own"), []);
    }),
    { numRuns: 200 },
  );
});

const shown = (vectors: Vectors | undefined): unknown => vectors && ["own", "count"].map((name) => [...vectors[name]!]);

test("a pack does not keep much that nobody needs, and many versions make few files", async () => {
  const store = new MemoryStore();
  const packs = new StatePacks(store, "states/own", 20_000);
  const all = Array.from({ length: 1000 }, (_, client) => `${client}-0`);
  await packs.write(new Map(all.map((name, i) => [name, { own: Float32Array.of(i) }])));
  const many = [...store.files].filter(([name]) => name.endsWith(".pack"));
  assert.ok(many.length < 20, `${many.length} packs`);
  const rest = all.filter((_, i) => i % 10 === 3);
  await packs.remove(all.filter((_, i) => i % 10 !== 3));
  const bytes = [...store.files.values()].reduce((sum, { length }) => sum + length, 0);
  assert.ok(bytes < 0.3 * many.reduce((sum, [, { length }]) => sum + length, 0), `${bytes} bytes are left`);
  for (const name of rest) assert.equal(await packs.read(name), { own: Float32Array.of(Number.parseInt(name, 10)) });
});

test("a pack that is damaged anywhere, or cut, is named", async () => {
  const file = "states/own/0.pack";
  const whole = new MemoryStore();
  await new StatePacks(whole, "states/own").write(new Map([["3-1", { own: Float32Array.of(1, 2, 3) }]]));
  const { length } = whole.files.get(file)!;
  const read = async (change: (bytes: Uint8Array) => Uint8Array): Promise<unknown> => {
    const store = new MemoryStore();
    store.files.set(file, change(whole.files.get(file)!.slice()));
    const packs = new StatePacks(store, "states/own");
    await packs.list();
    return packs.read("3-1");
  };
  assert.equal(await read((bytes) => bytes), { own: Float32Array.of(1, 2, 3) });
  const flipped = fc.record({ at: fc.nat(length - 1), bit: fc.nat(7) }).map(({ at, bit }) => (bytes: Uint8Array) => {
    bytes[at]! ^= 1 << bit;
    return bytes;
  });
  const cut = fc.nat(length - 1).map((end) => (bytes: Uint8Array) => bytes.subarray(0, end));
  await fc.assert(
    fc.asyncProperty(fc.oneof(flipped, cut), (change) =>
      refusesLater(() => read(change), new RegExp(`^resume: ${file} cannot be read \\(.*; restore it, or begin`)),
    ),
    { numRuns: 300 },
  );
});

test("vectors of any width and none come back as they were", async () => {
  const store = new MemoryStore();
  const packs = new StatePacks(store, "states/own");
  const versions = new Map<string, Vectors>([
    ["0-0", {}],
    ["1-0", { odd: Float32Array.of(1), wide: Float64Array.of(Math.PI, 2), none: new Float32Array(0) }],
    ["2-0", { wide: Float64Array.of(3) }],
  ]);
  await packs.write(versions);
  await packs.remove(["2-0"]);
  assert.equal(await new StatePacks(store, "states/own").list(), ["0-0", "1-0", "2-0"]);
  for (const name of ["0-0", "1-0"]) assert.equal(await packs.read(name), versions.get(name));
  await packs.remove(["1-0"]);
  assert.equal(await packs.read("0-0"), {});
});

test("a run whose states do not fit in memory has the bits of one whose states do, stopped or not", async () => {
  const kept = { ...config, methods: { ditto: {}, scaffold: {} } };
  const whole = await runTiny({ config: kept });
  const spilled = await runTiny({ config: kept, stateBytes: 0 });
  assert.is(recordsOf(spilled.result).summary.weightsSha256, recordsOf(whole.result).summary.weightsSha256);
  assert.equal(leftIn(spilled.store), leftIn(whole.store));
  for (const stop of [2, 4, 7]) {
    const controller = new AbortController();
    let heard = 0;
    const onEvent = ({ kind }: RunEvent): void => {
      if (kind === "round" && ++heard === stop) controller.abort();
    };
    const { store } = await runTiny({ config: kept, stateBytes: 1000, signal: controller.signal, onEvent });
    assert.ok([...store.files.keys()].some((name) => /^states\/(ditto|scaffold)\/\d+\.pack$/.test(name)));
    const again = await runTiny({ config: kept, stateBytes: 1000, store, resume: true });
    assert.is(recordsOf(again.result).summary.weightsSha256, recordsOf(whole.result).summary.weightsSha256);
    assert.equal(leftIn(store), leftIn(whole.store), `stopped after round ${stop}`);
  }
});

test.run();
