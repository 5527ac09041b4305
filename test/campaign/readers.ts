// Readers of files under structure-aware damage.
import type { Kind } from "./kind.ts";
import { arrayReaders } from "./readers/arrays.ts";
import { recordReaders } from "./readers/records.ts";
import { tableReaders } from "./readers/tables.ts";
import { weightReaders } from "./readers/weights.ts";

export const readers: Kind = {
  name: "readers",
  cases: "inputs",
  share: 5,
  limitSeconds: 90,
  parts: [...arrayReaders, ...tableReaders, ...weightReaders, ...recordReaders],
};
