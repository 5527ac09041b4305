// Who owns what under a config, so that it can be seen before anything is trained.
import { evaluatedClients, type Setup } from "../../src/experiment/setup.ts";
import type { ClientOutline } from "../messages.ts";
import type { LabDataset } from "./datasets.ts";

/** The clients of a setup. */
export function outlineClients({ config, clients, dataset }: Setup<LabDataset>): ClientOutline[] {
  const evaluated = new Set(evaluatedClients(config));
  const { labels } = dataset.train;
  return clients.map(({ rows, optedOut }, client) => {
    const counts = dataset.classes.map(() => 0);
    for (const row of rows.train) counts[labels[row]!]!++;
    return { client, optedOut, evaluated: evaluated.has(client), counts, classes: rows.classes ?? [] };
  });
}
