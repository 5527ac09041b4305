// The seed's whole experiment, short: federation, fine-tuning, local models, mixtures and their evaluation.
import { availableParallelism } from "node:os";
import { sources } from "../../src/cli/sources.ts";
import { findDataset, loadDataset } from "../../src/data/index.ts";
import { MemoryStore, parseConfig, preset, run as experiment, startPool } from "../../src/experiment/index.ts";
import type { Line } from "../line.ts";
import type { Suite } from "../suite.ts";

async function* measure(wanted: (name: string) => boolean): AsyncGenerator<Omit<Line, "suite" | "runtime" | "build">> {
  const full = preset("quick");
  const config = parseConfig({
    ...full,
    federation: { ...full.federation, rounds: 20, patience: 20 },
    personal: { ...full.personal, clients: 10, epochs: 20, patience: 20 },
  });
  const found = await findDataset(config.dataset, await sources(undefined));
  const dataset = await loadDataset(found.dataset, found.source);
  const workers = availableParallelism();
  for (const size of new Set([1, workers])) {
    const name = `quick, 20 rounds, 10 clients personalised, ${size} worker${size === 1 ? "" : "s"}`;
    if (!wanted(name)) continue;
    const begun = performance.now();
    const result = await experiment({
      config,
      dataset,
      store: new MemoryStore(),
      pool: (setup) => startPool(setup, size),
    });
    const ms = performance.now() - begun;
    if (!result.finished) throw new Error(`run: the experiment stopped at ${result.at}`);
    const { federation, clients } = result.records.summary.phases;
    yield { name, ms, also: { "s federation": federation!, "s clients": clients! } };
  }
}

export const run: Suite = {
  name: "run",
  about:
    "the seed's experiment on the bundled Fashion-MNIST from loaded data to records: 20 rounds, then 10 clients of 20 epochs each",
  cases: [],
  measure,
};
