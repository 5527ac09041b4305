// A client right after its training, before anybody has averaged anything.
import type { ClientSide } from "./method.ts";
import type { Reply, Turn } from "./turn.ts";

/** The turn that a client answers in had the server taken its reply and no other: what it keeps now, and is sent then. */
export function taken(side: ClientSide, turn: Turn, reply: Reply): Turn {
  const { kept = turn.kept, up } = reply;
  const same = Object.entries(up).filter(([name]) => Object.hasOwn(turn.down, name));
  return { ...turn, kept, down: side.taken?.(turn, reply) ?? { ...turn.down, ...Object.fromEntries(same) } };
}
