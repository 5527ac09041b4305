import { startWorker } from "../../src/runtime/platform.ts";
import { type Calls, InThread, type Pool, type Port, Threads } from "../../src/runtime/pool.ts";
import type { PoolCalls } from "../support/calls.ts";
import { refuses, refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { threadOf } from "../support/thread.ts";

const module = threadOf(new URL("../support/poolWorker.ts", import.meta.url));

async function threads(size: number, setup: unknown = {}): Promise<Threads<PoolCalls>> {
  return new Threads<PoolCalls>(await Promise.all(Array.from({ length: size }, () => startWorker(module))), setup);
}

async function within<T>(pool: Pool<PoolCalls>, use: (pool: Pool<PoolCalls>) => Promise<T>): Promise<T> {
  try {
    return await use(pool);
  } finally {
    await pool.close();
  }
}

// starting a thread costs more than most of these tests: those that do not harm their workers share them
const shared = await threads(1, { refuse: "", rows: Int32Array.of(1, 2) });
test.after(() => shared.close());

const inThread: PoolCalls = {
  add: ({ a, b }) => a + b,
  wait: async (milliseconds) => milliseconds,
  fail: (message) => {
    throw new RangeError(message);
  },
  strange: () => 0,
  die: async () => new Promise<never>(() => {}),
  setup: () => null,
};

/** A port to nowhere: what was posted is kept, replies are given by the test. */
class FakePort implements Port {
  readonly posted: unknown[] = [];
  reply: (message: unknown) => void = () => {};
  fail: (error: Error) => void = () => {};

  post(message: unknown): void {
    this.posted.push(structuredClone(message));
  }
  onMessage(listener: (message: unknown) => void): void {
    this.reply = listener;
  }
  onError(listener: (error: Error) => void): void {
    this.fail = listener;
  }
  terminate(): void {}
}

test("answers come in the order asked, however long each takes", async () => {
  await within(await threads(2), async (pool) => {
    const heard: [answer: number, index: number][] = [];
    const asked = [60, 1, 30, 2];
    assert.equal(await pool.map("wait", asked, (answer, index) => void heard.push([answer, index])), asked);
    assert.equal(
      heard.toSorted(([, a], [, b]) => a - b),
      asked.map((answer, index) => [answer, index]),
    );
    assert.equal(await pool.map("add", [{ a: 1, b: 2 }]), [3]);
    assert.equal(await pool.map("add", []), []);
  });
});

test("setup reaches a worker before its first call", async () => {
  assert.equal(await shared.map("setup", [null]), [{ refuse: "", rows: Int32Array.of(1, 2) }]);
});

test("an error in a call carries over with its name and message, and the pool goes on", async () => {
  let thrown: unknown;
  await shared.map("fail", ["too many"]).catch((error: unknown) => (thrown = error));
  assert.instance(thrown, Error);
  assert.equal([(thrown as Error).name, (thrown as Error).message], ["RangeError", "too many"]);
  assert.match((thrown as Error).stack!, /poolWorker/);
  assert.equal(await shared.map("add", [{ a: 2, b: 2 }]), [4]);
});

test("an answer that cannot be cloned is an error of its call", async () => {
  await refusesLater(() => shared.map("strange", [null]), /could not be cloned/);
  assert.equal(await shared.map("add", [{ a: 2, b: 3 }]), [5]);
});

test("an argument that cannot be cloned is an error of its call, and the worker is free again", async () => {
  const odd = { a: 1, b: (() => 0) as unknown as number };
  await refusesLater(() => shared.map("add", [odd]), /could not be cloned/);
  assert.equal(await shared.map("add", [{ a: 2, b: 4 }]), [6]);
});

test("a setup that fails rejects every call with its reason", async () => {
  await within(await threads(1, { refuse: "no such dataset" }), async (pool) => {
    await refusesLater(() => pool.map("wait", [1, 1, 1]), "no such dataset");
    await refusesLater(() => pool.map("wait", [1]), "no such dataset");
  });
});

test("a worker that breaks rejects all that runs and waits, and all that is asked later", async () => {
  await within(await threads(1), async (pool) => {
    const waiting = pool.map("add", [{ a: 1, b: 1 }]).catch((error: Error) => error.message);
    const dying = pool.map("die", ["throw"]).catch((error: Error) => error.message);
    const behind = pool.map("wait", [1, 2]).catch((error: Error) => error.message);
    assert.equal(await Promise.all([waiting, dying, behind]), [[2], "the worker broke", "the worker broke"]);
    await refusesLater(() => pool.map("wait", [1]), "the worker broke");
  });
});

test("a worker that just ends rejects all that runs and waits", async () => {
  await within(await threads(1), async (pool) => {
    const dying = pool.map("die", ["exit"]).catch((error: Error) => error.message);
    const behind = pool.map("wait", [1]).catch((error: Error) => error.message);
    const reason = "worker: ended with exit code 0 before its work was done";
    assert.equal(await Promise.all([dying, behind]), [reason, reason]);
  });
});

test("closing rejects what is not answered", async () => {
  const pool = await threads(1);
  const running = pool.map("wait", [60_000, 1]).catch((error: Error) => error.message);
  await pool.close();
  assert.is(await running, "pool: closed before all calls were answered");
  await refusesLater(() => pool.map("wait", [1]), "pool: closed before all calls were answered");
});

function listener(): never {
  throw new Error("cannot write");
}

test("a listener that throws rejects the call it heard of and not the process", async () => {
  await refusesLater(() => shared.map("wait", [1, 1], listener), "cannot write");
  assert.equal(await shared.map("wait", [1]), [1]);
  await refusesLater(() => new InThread<PoolCalls>(inThread).map("wait", [1], listener), "cannot write");
});

test("each worker has one call at a time and takes the next as it finishes", async () => {
  const ports = [new FakePort(), new FakePort()];
  const pool = new Threads<Calls>(ports, "the setup");
  const heard: unknown[] = [];
  const answers = pool.map("work", [1, 2, 3, 4] as never[], (answer) => heard.push(answer));
  const posted = (): unknown[] =>
    ports.map((port) => port.posted.slice(1).map((m) => (m as { argument: number }).argument));
  assert.equal(
    ports.map((port) => port.posted[0]),
    [{ setup: "the setup" }, { setup: "the setup" }],
  );
  assert.equal(posted(), [[1], [2]]);
  ports[1]!.reply({ answer: "two" });
  assert.equal(posted(), [[1], [2, 3]]);
  ports[1]!.reply({ answer: "three" });
  ports[0]!.reply({ answer: "one" });
  ports[1]!.reply({ answer: "four" });
  assert.equal(heard, ["two", "three", "one", "four"], "they are heard as they come");
  assert.equal(await answers, ["one", "two", "three", "four"]);
});

test("what calls tell while they run is heard, and ends no call", async () => {
  const port = new FakePort();
  const heard: unknown[] = [];
  const pool = new Threads<Calls>([port], null, (event) => heard.push(event));
  const answers = pool.map("work", [1] as never[]);
  port.reply({ event: "half way" });
  port.reply({ answer: "done" });
  assert.equal([await answers, heard], [["done"], ["half way"]]);
});

test("a pool without workers is refused", () => {
  refuses(() => new Threads([], {}), "pool: got no workers, expected at least one");
});

test("in this thread calls run one after another, and timers in between", async () => {
  const seen: string[] = [];
  const pool = new InThread({ work: (n: number) => void seen.push(`call ${n}`) });
  const work = pool.map("work", [1, 2]);
  setTimeout(() => seen.push("timer"), 0);
  await work;
  assert.equal(seen, ["call 1", "timer", "call 2"]);
});

test("in this thread an error ends the calls behind it, and closing as well", async () => {
  const seen: number[] = [];
  const pool = new InThread({
    work: (n: number) => {
      if (n === 2) throw new RangeError("two");
      seen.push(n);
    },
  });
  await refusesLater(() => pool.map("work", [1, 2, 3]), "two");
  assert.equal(seen, [1]);
  const later = pool.map("work", [4, 5, 6], () => void pool.close());
  await refusesLater(() => later, "pool: closed before all calls were answered");
  assert.equal(seen, [1, 4]);
});

test.run();
