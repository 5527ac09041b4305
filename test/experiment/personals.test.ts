// What every value that clients make of a federation owes, whatever it does: this walks the registry, so that a new one is tried by being in it.
import type { Config } from "../../src/experiment/index.ts";
import { personals } from "../../src/moe/index.ts";
import { startPool } from "../../src/experiment/pool.ts";
import { threadOf } from "../support/thread.ts";
import { assert, test } from "../support/suite.ts";
import { config, leftIn, recordsOf, runTiny } from "../support/tiny.ts";

// a gate over experts needs a federation of several models
const over = (name: string): string => (name === "experts" ? "ifca+experts" : `fedavg+${name}`);
const every: Config = {
  ...config,
  federation: { ...config.federation, rounds: 2 },
  posterior: { rho: 0.8, hazard: 0.05, calibrate: true, features: true },
  methods: Object.fromEntries([...personals.keys()].map((name) => [over(name), {}])),
};

const whole = await runTiny({ config: every });
const { summary } = recordsOf(whole.result);

test("every value is in the record of a run that asks for it", () => {
  for (const name of personals.keys()) {
    const found = summary.methods[over(name)] ?? summary.methods[name];
    assert.ok(found, name);
  }
});

test("every value goes on wherever a run was stopped, to the same bits", async () => {
  for (let stop = 1; ; stop += 2) {
    const controller = new AbortController();
    let heard = 0;
    const onEvent = (): void => void (++heard === stop && controller.abort());
    const { result, store } = await runTiny({ config: every, signal: controller.signal, onEvent });
    if (result.finished) return assert.ok(stop > 4, `${stop} events`);
    const again = await runTiny({ config: every, store, resume: true });
    assert.is(recordsOf(again.result).summary.weightsSha256, summary.weightsSha256, `stopped after event ${stop}`);
    assert.equal(leftIn(store), leftIn(whole.store), `stopped after event ${stop}`);
  }
});

test("every value is the same bits on two workers and on three", async () => {
  const worker = threadOf(new URL("../../src/experiment/worker.ts", import.meta.url));
  for (const size of [2, 3]) {
    const { store, result } = await runTiny({ config: every, pool: (setup) => startPool(setup, size, worker) });
    assert.is(recordsOf(result).summary.weightsSha256, summary.weightsSha256, `${size} workers`);
    assert.equal(leftIn(store), leftIn(whole.store), `${size} workers`);
  }
});

test.run();
