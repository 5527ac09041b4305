// With whom a client learns, as its turns show it: the cluster that it trained, its weights of a mixture's components, and the peers whose
// models it was sent.
import type { ExperimentCalls } from "../../src/experiment/clients.ts";
import { methods } from "../../src/federated/methods/index.ts";
import type { Ties } from "../messages.ts";

type Train = ExperimentCalls["train"];
type List = Parameters<Train>[0];
type Answer = Awaited<ReturnType<Train>>[number];

/** What a list of turns and its answers show, for the clients of which they show anything. */
export function tiesOf({ federation, calls }: List, answers: readonly Answer[]): Ties[] {
  const peerNames = methods.get(federation.split("+")[0]!)?.peers ?? [];
  return calls.flatMap(({ client, down }, i): Ties[] => {
    const answer = answers[i];
    const peers = peerNames.flatMap((name) => numbersIn(Object.keys(down), name));
    const turn = answer && "up" in answer ? answer : undefined;
    const shares = turn?.up["shares"];
    const cluster = turn?.metrics["cluster"] ?? (shares && shares.indexOf(Math.max(...shares)));
    if (cluster === undefined && !shares && peerNames.length === 0) return [];
    return [
      {
        kind: "ties",
        method: federation,
        client,
        ...(cluster !== undefined && { cluster }),
        ...(shares && { shares: Array.from(shares) }),
        ...(peerNames.length > 0 && { peers }),
      },
    ];
  });
}

// of `model.*` the numbers in the place of the star
function numbersIn(names: readonly string[], pattern: string): number[] {
  const before = pattern.slice(0, -1);
  if (!pattern.endsWith(".*")) return [];
  const found = names.flatMap((name) => (name.startsWith(before) ? Number(name.slice(before.length)) : []));
  return found.filter(Number.isInteger).toSorted((a, b) => a - b);
}
