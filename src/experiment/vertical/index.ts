// Columns to parties, from a config to a run folder.
export { type ColumnsConfig, parseVertical, type VerticalConfig, verticalOptions } from "./config.ts";
export { runColumns, type VerticalResult, type VerticalRun } from "./run.ts";
