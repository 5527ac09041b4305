// What happens to a node, as records for an audit log and as one line each for people.
import { oneLine } from "../../admission.ts";
import type { Leaving } from "./leaving.ts";

/** What a node does and hears, as it happens. */
export type NodeEvent =
  | { readonly type: "joined"; readonly nodeId: bigint; readonly address: string }
  | { readonly type: "task"; readonly messageType: string }
  | ({ readonly type: "sent"; readonly seconds: number } & Leaving)
  | { readonly type: "failed"; readonly messageType: string; readonly reason: string }
  | { readonly type: "dropped"; readonly messageType: string; readonly reason: string }
  | { readonly type: "offline"; readonly reason: string }
  | { readonly type: "online" }
  | { readonly type: "finished"; readonly round: number }
  | { readonly type: "left" };

/** One line, without control characters: much of it is said by others. */
export function describe(event: NodeEvent): string {
  return oneLine(lineOf(event));
}

function lineOf(event: NodeEvent): string {
  switch (event.type) {
    case "joined":
      return `joined ${event.address} as node ${event.nodeId}`;
    case "task":
      return `asked to ${event.messageType}`;
    case "sent": {
      const { messageType, round, tensors, bytes, seconds, spent } = event;
      const what = tensors.length === 0 ? "metrics only" : `${tensors.length} shared tensors`;
      const hidden =
        spent === undefined ? "" : `, privacy so far epsilon ${spent.epsilon.toFixed(2)} delta ${spent.delta}`;
      return `${messageType} round ${round}: sent ${what}, ${(bytes / 1024).toFixed(0)} KiB, after ${seconds.toFixed(1)} s${hidden}`;
    }
    case "failed":
      return `${event.messageType}: could not answer and said so: ${event.reason}`;
    case "dropped":
      return `${event.messageType}: answer dropped: ${event.reason}`;
    case "offline":
      return `offline, trying again: ${event.reason}`;
    case "online":
      return "online again";
    case "finished":
      return `the federation has finished after round ${event.round}`;
    case "left":
      return "left the federation";
  }
}
