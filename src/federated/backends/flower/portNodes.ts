// Nodes at the other end of a port: each does what it is asked, one thing after another, and what leaves is told before it does.
import { faultOf, oneLine } from "../../admission.ts";
import { faultCodes } from "./errors.ts";
import { instructionOf } from "./instruction.ts";
import { heldBy, type Leaving } from "./leaving.ts";
import { FAREWELL } from "./node.ts";
import type { Answered, Asked, NodePort } from "./portRelay.ts";
import { type Content, metricsObject, readConfigs, readContent, recordObject } from "./records.ts";
import { sealed } from "./sealed.ts";
import type { Answer, Task, Trainer } from "./task.ts";

export interface PortNodesOptions {
  readonly port: NodePort;
  /** The trainer of a node. Throws for a node that is not here. */
  readonly trainerOf: (node: string) => Trainer;
  /** Hears what a node begins with, and the round, from 0. */
  readonly onTask?: ((node: string, task: Task, round: number) => void) | undefined;
  /** Hears of an answer before it leaves, and is waited for; where it rejects nothing leaves but that. */
  readonly onLeaving?: ((node: string, leaving: Leaving) => void | Promise<void>) | undefined;
  /** Hears the end of the federation. */
  readonly onFarewell?: ((node: string, content: Content) => void) | undefined;
}

/** Answers over a port. */
export function serveNodes(options: PortNodesOptions): void {
  const lasts = new Map<string, Promise<void>>();
  options.port.onMessage((message) => {
    const asked = message as Asked;
    const before = lasts.get(asked.node) ?? Promise.resolve();
    lasts.set(
      asked.node,
      before.then(async () => options.port.post(await answeredBy(options, asked))),
    );
  });
}

async function answeredBy(options: PortNodesOptions, { id, node, task }: Asked): Promise<Answered> {
  const { onLeaving } = options;
  const { messageType } = task;
  let round = 0;
  try {
    const instruction = instructionOf(readConfigs(task.rootId, task.objects));
    round = instruction.serverRound;
    options.onTask?.(node, task, instruction.round);
    const { content } = messageType === FAREWELL ? await heed(options, node, task) : await work(options, node, task);
    await onLeaving?.(node, { messageType, round, ...heldBy(content) });
    return { id, sealed: sealed(content) };
  } catch (error) {
    const reason = oneLine(error);
    const nothing = { replyId: "", bytes: reason.length, tensors: [], scalars: [] };
    // a log that cannot be written keeps the answer here; that it failed is said all the same, or the round would wait
    await Promise.resolve(onLeaving?.(node, { messageType, round, ...nothing, error: reason })).catch(() => undefined);
    return { id, error: { code: faultCodes[faultOf(error)], reason } };
  }
}

async function work({ trainerOf }: PortNodesOptions, node: string, task: Task): Promise<Answer> {
  return trainerOf(node).answer(task);
}

async function heed({ onFarewell }: PortNodesOptions, node: string, { rootId, objects }: Task): Promise<Answer> {
  const content = readContent(rootId, objects);
  onFarewell?.(node, content);
  const metrics = await metricsObject({ "num-examples": 0 });
  return { content: await recordObject("RecordDict", [["metrics", metrics]]), round: 0 };
}
