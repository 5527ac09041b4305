import { suite, assert } from "../support/suite.ts";
import { Transfers } from "../../src/federated/backends/flower/index.ts";

const transfers = suite("flower transfers");

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(resolve, 5, value));

transfers("what is asked for while it is under way, or again, is fetched once", async () => {
  const shared = new Transfers();
  let fetched = 0;
  const fetch = (): Promise<Uint8Array> => later(bytes(++fetched));
  const both = await Promise.all([shared.once("a", fetch), shared.once("a", fetch)]);
  assert.equal([...both, await shared.once("a", fetch)], [bytes(1), bytes(1), bytes(1)]);
  assert.is(fetched, 1);
});

transfers("a fetch that fails, fails for whoever asked: the next in line tries for itself", async () => {
  const shared = new Transfers();
  const closed = (): Promise<Uint8Array> =>
    later(0).then(() => {
      throw new Error("the run is over");
    });
  const first = shared.once("a", closed);
  const second = shared.once("a", () => later(bytes(2)));
  const third = shared.once("a", () => later(bytes(3)));
  assert.is(await first.catch((error: Error) => error.message), "the run is over");
  const [b, c] = await Promise.all([second, third]);
  assert.equal(b, c, "one of them fetched, the other waited for it");
  const fourth = shared.once("b", closed);
  const fifth = shared.once("b", closed);
  for (const failed of [fourth, fifth])
    assert.is(await failed.catch((error: Error) => error.message), "the run is over");
});

transfers("no more than so many at a time, and the failed give their turn back", async () => {
  const shared = new Transfers({ concurrent: 2 });
  let under = 0;
  let most = 0;
  const work = async (n: number): Promise<number> => {
    most = Math.max(most, ++under);
    await later(0);
    under--;
    if (n % 3 === 0) throw new Error(`${n}`);
    return n;
  };
  const ended = await Promise.allSettled([0, 1, 2, 3, 4, 5, 6].map((n) => shared.inTurn(() => work(n))));
  assert.equal(
    ended.map(({ status }) => status === "fulfilled"),
    [false, true, true, false, true, true, false],
  );
  assert.is(most, 2);
});

transfers("what was used longest ago is forgotten first when memory is full", async () => {
  const shared = new Transfers({ cacheBytes: 2 });
  let fetched = "";
  const get = (name: string): Promise<Uint8Array> =>
    shared.once(name, () => {
      fetched += name;
      return later(bytes(1));
    });
  for (const name of ["a", "b", "a", "c", "a", "b"]) await get(name);
  assert.is(fetched, "abcb");
});

transfers.run();
