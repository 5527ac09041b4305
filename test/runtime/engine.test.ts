import { add, memory, scope, sum, tensor, zeros } from "../../src/autograd/index.ts";
import { assemble, configure, type Engine, engine, withEngine } from "../../src/runtime/engine.ts";
import { Memory } from "../../src/runtime/memory.ts";
import { startWorker } from "../../src/runtime/platform.ts";
import { Threads } from "../../src/runtime/pool.ts";
import { referenceEngine, referenceKernels } from "../../src/runtime/reference/index.ts";
import type { EngineCalls } from "../support/engineWorker.ts";
import { everyOp } from "../support/everyOp.ts";
import { refuses, refusesLater } from "../support/refuses.ts";
import { assert, test } from "../support/suite.ts";
import { threadOf } from "../support/thread.ts";

const MIB = 2 ** 20;

function small(maximum: number): Engine {
  const memory = new Memory(MIB, maximum, true);
  return assemble(memory, referenceKernels(memory), "double");
}

test("one engine serves a thread", () => {
  assert.is(engine(), engine());
  assert.is(engine().precision, "single");
});

test("another engine is in charge while its function runs, also after an error", () => {
  const own = engine();
  const other = referenceEngine();
  withEngine(other, () => {
    assert.is(engine(), other);
    assert.instance(tensor([0.1]).toArray(), Float64Array);
    assert.is(tensor([0.1]).item(), 0.1);
  });
  refuses(
    () =>
      withEngine(other, () => {
        throw new Error("on purpose");
      }),
    "on purpose",
  );
  assert.is(engine(), own);
});

function functionsOf(of: Record<string, unknown>): string[] {
  return Object.keys(of)
    .filter((name) => typeof of[name] === "function")
    .toSorted();
}

test("the twins have the kernels' names, all of them", () => {
  const single = engine().kernels as unknown as Record<string, unknown>;
  const twins = referenceKernels(new Memory(65536, 65536)) as unknown as Record<string, unknown>;
  assert.equal(functionsOf(twins), functionsOf(single));
  assert.ok(functionsOf(single).length > 50);
});

test("steps outside a scope end at the memory limit with an error that names the remedy", () => {
  withEngine(small(4 * MIB), () => {
    const kept: unknown[] = [];
    refuses(() => {
      for (;;) kept.push(zeros([10_000]));
    }, /^memory: 5 MiB needed, 4 MiB maximum; wrap each step in scope\(\), dispose of .*, or configure\(\{ maximumBytes \}\)$/);
    assert.ok(kept.length > 50);
  });
});

test("the remedy works: in scopes the same steps go on for ever", () => {
  withEngine(small(4 * MIB), () => {
    for (let i = 0; i < 1000; i++) scope(() => void zeros([10_000]));
    assert.ok(memory().reserved < 4 * MIB);
  });
});

test("after the limit has been met, what is left can be used", () => {
  withEngine(small(4 * MIB), () => {
    refuses(() => scope(() => add(zeros([2_000_000]), tensor(1))), /4 MiB maximum/);
    refuses(() => zeros([2 ** 30]), /MiB needed/);
    assert.is(scope(() => sum(add(zeros([3]), tensor(1)))).item(), 3);
  });
});

test("configure comes too late when the engine runs", () => {
  engine();
  refuses(
    () => configure({ maximumBytes: 64 * MIB }),
    "configure: the engine is already running; call configure before the first tensor is made",
  );
});

test("in a new thread configure checks its limit, and memory beyond 2 GiB is addressed rightly", async () => {
  const port = await startWorker(threadOf(new URL("../support/engineWorker.ts", import.meta.url)));
  const pool = new Threads<EngineCalls>([port], null);
  try {
    for (const maximumBytes of [MIB, 2 ** 33, 16 * MIB + 1, NaN])
      await refusesLater(
        () => pool.map("configure", [{ maximumBytes }]),
        `configure: maximumBytes, got ${maximumBytes}, expected a multiple of 65536 from 16 MiB to 4 GiB`,
      );
    await pool.map("configure", [{ maximumBytes: 2 ** 32 }]);
    const [found] = await pool.map("beyond", [2 ** 31 + 2 ** 29]);
    assert.ok(found!.pointer > 2 ** 31);
    assert.equal([found!.values, found!.kept, found!.total], [[1, 2, 3, 7, -7], [11, 22, 33], 66]);
  } finally {
    await pool.close();
  }
});

test("every op gives the same bits around and beyond 2 GiB as anywhere", async () => {
  const port = await startWorker(threadOf(new URL("../support/engineWorker.ts", import.meta.url)));
  const pool = new Threads<EngineCalls>([port], null);
  try {
    await pool.map("configure", [{ maximumBytes: 2 ** 32 }]);
    const wanted = everyOp(10, () => undefined);
    const [found] = await pool.map("everyOpBeyond", [10]);
    if (found === null) return console.log("skipped: the system gives less than 2.3 GiB");
    assert.equal(Object.keys(found!), Object.keys(wanted));
    for (const [name, values] of Object.entries(wanted))
      assert.ok(values.length > 0 && equalBits(values, found![name]!), `${name} differs`);
  } finally {
    await pool.close();
  }
});

function equalBits(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

test.run();
