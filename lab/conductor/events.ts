// From the runner's events to what the page needs of them: records, and no weights.
import { clientMetrics } from "../../src/experiment/records.ts";
import type { RunEvent } from "../../src/experiment/runOptions.ts";
import type { Setup } from "../../src/experiment/setup.ts";
import type { LabEvent } from "../messages.ts";

/** What to tell of an event; of methods that are `compared` beside the page's own. */
export function labEvents(event: RunEvent, setup: Setup | undefined, compared = false): LabEvent[] {
  // the page's own clients are ready before it could tell
  if (event.kind === "setup") return [];
  if (event.kind === "phase") return [{ ...event, compared }];
  if (event.kind !== "personalized") return [event];
  const { client, done, result } = event;
  // its epochs have been told while it trained, and moments of the clock are for reports
  const records = clientMetrics(result, setup!.clients[client]!).filter(
    (record) => record.kind !== "epoch" && record.kind !== "clock",
  );
  return [...records, { kind: "done", client, done }];
}
