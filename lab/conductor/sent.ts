// What leaves the first tab for the second, read off the messages: what the server asks, and with which vectors.
import { instructionOf } from "../../src/federated/backends/flower/instruction.ts";
import type { Asked } from "../../src/federated/backends/flower/portRelay.ts";
import { readContent } from "../../src/federated/backends/flower/records.ts";
import type { Sent } from "../messages.ts";
import { clientOf } from "./party.ts";

/** Tells of every message to a node that is handed to what comes back. */
export function sentOver(tell: (sent: Sent) => void): (message: unknown) => void {
  return (message) => {
    const { node, task } = message as Asked;
    const { arrays, configs } = readContent(task.rootId, task.objects);
    tell({
      kind: "sent",
      client: clientOf(node),
      what: task.messageType,
      round: instructionOf(configs).serverRound,
      tensors: [...arrays.values()].flatMap((record) => [...record].map(([name, { shape }]) => ({ name, shape }))),
      scalars: [...configs.values()].flatMap((record) => [...record.keys()]),
      bytes: [...task.objects.values()].reduce((sum, { length }) => sum + length, 0),
    });
  };
}
