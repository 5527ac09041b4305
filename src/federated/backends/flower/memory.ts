// What a node remembers between its answers: its privacy account and what its client kept. It lies with the node, goes along
// with each task to whichever thread answers it, and is written down before the answer leaves.
import { type Ledger, memoryLedger } from "../../privacy/account.ts";
import { instructionOf, type MethodOrder } from "./instruction.ts";
import { KeptStates, type Whose } from "./keptStates.ts";
import { readConfigs } from "./records.ts";
import type { Answer, Task } from "./task.ts";

/** What a node remembers between messages of a run. */
export interface Memory {
  /** Where the privacy account is kept; in memory unless said. */
  readonly ledger?: Ledger | undefined;
  /** Where the client's states are kept; in memory unless said. */
  readonly states?: KeptStates | undefined;
}

/** Answers one task after another: what a client remembers is read before and kept after. */
export function remembering(
  client: number,
  { ledger = memoryLedger(), states = new KeptStates() }: Memory = {},
): (task: Task, work: (task: Task) => Promise<Answer>) => Promise<Answer> {
  let last: Promise<unknown> = Promise.resolve();
  return (task, work) => {
    const turn = last.then(async () => {
      const { order, round } = instructionOf(readConfigs(task.rootId, task.objects));
      const whose = order && whoseOf(order, client);
      const account = await ledger.read();
      const kept = whose && (await states.get(whose, order.kept));
      const answer = await work({ ...task, account, kept });
      if (answer.kept !== undefined && whose) await states.put(whose, round, answer.kept, order.needed);
      if (answer.account !== undefined) await ledger.write(answer.account);
      return answer;
    });
    // a task that fails fails for who asked for it, not for the next
    last = turn.catch(() => undefined);
    return turn;
  };
}

function whoseOf({ federation, method }: MethodOrder, client: number): Whose {
  // the name of one of ours, or the trainer refuses it; never a path
  if (!/^[a-z][a-z0-9-]*$/.test(method))
    throw new RangeError(`config: method, got ${method.slice(0, 40)}, expected the name of one`);
  return { federation, method, client };
}
