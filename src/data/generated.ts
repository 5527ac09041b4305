// Datasets that are made rather than found, by a generator that says how: read as a file of one's own would be.
import type { FeatureDataset } from "./features.ts";
import { householdsCsv } from "./households.ts";
import { ratingsCsv } from "./ratings.ts";
import { sleepCsv } from "./sleep.ts";
import { memorySource } from "./source.ts";
import { loadTable, type TableOptions } from "./table.ts";

/** A dataset that is made. */
export interface GeneratedEntry {
  /** What it is, in a sentence. */
  readonly about: string;
  /** As files of one's own: the form of the table that is made. */
  readonly table: Omit<TableOptions, "name" | "train">;
  /** Makes the table. */
  text(): string;
}

/** Names of datasets that are made. */
export type GeneratedName = "households" | "ratings" | "sleep";

/** Every dataset that is made, by name. */
export const generated: Readonly<Record<GeneratedName, GeneratedEntry>> = {
  households: {
    about: "the load of 24 households by the hour for ten weeks: a day is seen, the next hour asked for",
    table: { client: "home", label: "kilowatts", task: "regression", windows: { past: 24 } },
    text: householdsCsv,
  },
  ratings: {
    about: "60 users' ratings of 48 items with four traits",
    table: {
      client: "user",
      label: "rating",
      task: "regression",
      columns: { item: { kind: "category", most: 48 } },
    },
    text: ratingsCsv,
  },
  sleep: {
    about: "16 nights in epochs of half a minute: nine of them are seen, the last one's stage asked for",
    table: { client: "sleeper", label: "stage", windows: { past: 9 } },
    text: sleepCsv,
  },
};

/** Whether a dataset of this name is made. */
export function isGenerated(name: string): name is GeneratedName {
  return Object.hasOwn(generated, name);
}

/** Makes a dataset, the same every time. */
export function generateDataset(name: GeneratedName): Promise<FeatureDataset> {
  const { table, text } = generated[name];
  const train = `${name}.csv`;
  return loadTable(memorySource({ [train]: new TextEncoder().encode(text()) }), { ...table, name, train });
}
