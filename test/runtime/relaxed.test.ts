import { kernelBuild, matmul, tensor } from "../../src/autograd/index.ts";
import { startWorker } from "../../src/runtime/platform.ts";
import { Threads } from "../../src/runtime/pool.ts";
import { decodePrintable } from "../../src/runtime/printable.ts";
import { relaxedText } from "../../src/runtime/relaxed.wasm.ts";
import { refusesLater } from "../support/refuses.ts";
import type { RelaxedCalls } from "../support/relaxedWorker.ts";
import { assert, test } from "../support/suite.ts";
import { threadOf } from "../support/thread.ts";

const none = undefined as never;

// in a thread of its own, since this one's engine is made
async function within(fn: (pool: Threads<RelaxedCalls>) => Promise<void>): Promise<void> {
  const port = await startWorker(threadOf(new URL("../support/relaxedWorker.ts", import.meta.url)));
  const pool = new Threads<RelaxedCalls>([port], null);
  try {
    await fn(pool);
  } finally {
    await pool.close();
  }
}

const inNode20 = process.versions.node.startsWith("20.");

test("kernels are plain unless something else is chosen", () => {
  assert.is(kernelBuild(), "plain");
});

test("relaxed kernels have to be imported before they are chosen, and nothing else may be", () =>
  within(async (pool) => {
    await refusesLater(
      () => pool.map("configure", [{ relaxedSimd: true }]),
      'configure: relaxedSimd, got no relaxed kernels; import "moiety/relaxed" before',
    );
    await pool.map("load", [none]);
    await refusesLater(
      () => pool.map("configure", [{ relaxedSimd: true, kernels: new Uint8Array(8) }]),
      "configure: got both relaxedSimd and kernels, expected one",
    );
    // an import alone changes nothing
    const [found] = await pool.map("compute", [none]);
    assert.is(found!.build, "plain");
  }));

test("a runtime without relaxed SIMD says so, and what has it", () =>
  within(async (pool) => {
    await pool.map("load", [none]);
    if (WebAssembly.validate(decodePrintable(relaxedText))) return;
    await refusesLater(() => pool.map("configure", [{ relaxedSimd: true }]), /^configure: relaxedSimd, got a runtime/);
  }));

test("relaxed kernels compute, round otherwise, and are taken over by threads that are started", () =>
  within(async (pool) => {
    await pool.map("load", [none]);
    if (inNode20) await pool.map("allow", [true]);
    try {
      await pool.map("configure", [{ relaxedSimd: true }]);
      const [found] = await pool.map("compute", [none]);
      assert.is(found!.build, "relaxed");
      const x = tensor(
        Array.from({ length: 4096 }, (_, i) => 1 / (i + 3)),
        [64, 64],
      );
      const plain = matmul(x, x).toArray();
      const relative = found!.product.map((value, i) => Math.abs(value / plain[i]! - 1));
      assert.ok(Math.max(...relative) < 1e-5);
      assert.equal(await pool.map("start", [none]), ["relaxed"]);
    } finally {
      if (inNode20) await pool.map("allow", [false]);
    }
  }));

test.run();
