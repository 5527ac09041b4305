// A run that is opened again, told from its files as if it were going on: phases, rounds, and clients that are done.
import { evaluatedClients } from "../../src/experiment/setup.ts";
import { trainingOf } from "../../src/experiment/methodPresets.ts";
import { METRICS } from "../../src/experiment/progress.ts";
import { parseMetric } from "../../src/experiment/recordSchema.ts";
import { GENERALIST } from "../../src/experiment/chosenMethods.ts";
import { parseJsonLines } from "../../src/io/jsonl.ts";
import type { Metric, RoundMetric } from "../../src/report/metrics.ts";
import type { LabEvent } from "../messages.ts";
import type { Part } from "./parts.ts";

/** What a part of a run would have told until now. */
export function replay({ config, store, compared }: Part): LabEvent[] {
  const bytes = store.files.get(METRICS);
  // a last line that was not written whole is not there
  const rows = bytes ? parseJsonLines(new TextDecoder().decode(bytes)).rows : [];
  const metrics = rows.map((row, i): Metric => parseMetric(row, `${METRICS}: row ${i + 1}`));
  const federations = new Map<string, RoundMetric[]>();
  for (const metric of metrics) {
    if (!isRound(metric)) continue;
    const { method = GENERALIST } = metric;
    federations.set(method, [...(federations.get(method) ?? []), metric]);
  }
  const events: LabEvent[] = [];
  for (const [method, rounds] of federations) {
    const { rounds: total } = trainingOf(config, method);
    events.push({ kind: "phase", phase: "federation", method, compared, done: 0, total }, ...rounds);
  }
  const rest = metrics.filter((metric) => !isRound(metric) && metric.kind !== "clock" && metric.kind !== "tick");
  if (rest.length === 0) return events;
  const wanted = evaluatedClients(config);
  events.push({ kind: "phase", phase: "clients", compared, done: 0, total: wanted.length });
  const done = new Set<number>();
  for (const metric of rest) {
    events.push(metric);
    if (metric.kind !== "client" || done.has(metric.client)) continue;
    done.add(metric.client);
    events.push({ kind: "done", client: metric.client, done: done.size });
  }
  return events;
}

function isRound(metric: Metric): metric is RoundMetric {
  return metric.kind === "round";
}
