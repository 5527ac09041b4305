// Experiments: configs, presets and the runner.
export { type ExperimentCalls, experimentCalls } from "./clients.ts";
export { complete } from "./complete.ts";
export { methodOf } from "./chosenMethods.ts";
export { withPreset } from "./methodPresets.ts";
export { type Config, ConfigError, override, type PartitionConfig } from "./config.ts";
export { partitionKinds } from "./partitionKinds.ts";
export { shiftKinds } from "./shiftKinds.ts";
export { startPool } from "./pool.ts";
export { type Form, loadNetworks, type OwnNetworks } from "./ownNetworks.ts";
export { heldOutGate, posteriorGate, preset, presetList } from "./presets.ts";
export { configRecord } from "./records.ts";
export { weightsHash } from "./files.ts";
export { run, type RunEvent, type RunOptions, type RunResult } from "./run.ts";
export { parseConfig } from "./schema.ts";
export { drawPartition, evaluatedClients, type Setup, setUp } from "./setup.ts";
export { type PlannedRun, planRuns, type SweepPlan, type Variation } from "./sweep.ts";
export { MemoryStore, type RunStore } from "./store.ts";
export { InThread, type Pool } from "../runtime/pool.ts";
