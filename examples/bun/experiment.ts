// An experiment from a program, on worker threads: a preset, some of its fields changed, the run folder kept in memory.
//
//   npm run example -- bun
import { bundled, loadFashionMnist } from "moiety/data";
import { MemoryStore, override, parseConfig, preset, run, startPool } from "moiety/experiment";
import { methodTable } from "moiety/report";

let config: unknown = preset("quick");
config = override(config, "federation.rounds", 10);
config = override(config, "personal.clients", 4);

const store = new MemoryStore();
const result = await run({
  config: parseConfig(config),
  dataset: await loadFashionMnist(bundled()),
  store,
  pool: (setup) => startPool(setup, 2),
  onEvent: (event) => {
    if (event.kind === "round") console.log(`round ${event.round}: training loss ${event.trainLoss?.toFixed(3)}`);
  },
});
if (result.finished) {
  console.log(methodTable(result.records.summary));
  console.log(`weights ${result.records.summary.weightsSha256}`);
}
console.log(`files: ${[...store.files.keys()].join(", ")}`);
