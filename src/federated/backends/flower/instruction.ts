// What a message says beside its vectors. Flower's own strategies say the round and perhaps a norm; a server that runs a
// method of ours says which, and which of its states the client is to begin with.
import type { ConfigScalar, Content } from "./records.ts";

export interface Instruction {
  /** The server's round, from 1; 0 where a message does not say. */
  readonly serverRound: number;
  /** Ours, from 0. */
  readonly round: number;
  /** The norm that a strategy of Flower's with client-side clipping asks for. */
  readonly clip: number | undefined;
  /** There where the server runs a method of ours. */
  readonly order: MethodOrder | undefined;
}

export interface MethodOrder {
  readonly method: string;
  /** Names the federation: 32 hexadecimal digits. */
  readonly federation: string;
  readonly effort: number;
  /** The round whose state the client is to begin with; the server knows of none where it is missing. */
  readonly kept: number | undefined;
  /** Rounds whose states somebody may still go back to. */
  readonly needed: readonly number[];
  /** What both must have alike: see Terms in experiment. */
  readonly terms: string | undefined;
}

export function instructionOf(configs: Content["configs"]): Instruction {
  const found = new Map<string, ConfigScalar>();
  for (const config of configs.values())
    for (const [name, value] of config) if (!found.has(name)) found.set(name, value);
  const number = (name: string): number | undefined => {
    const value = found.get(name);
    if (value !== undefined && typeof value !== "number")
      throw new RangeError(`config: ${name}, got ${typeof value}, expected a number`);
    return value;
  };
  const text = (name: string): string | undefined => {
    const value = found.get(name);
    if (value !== undefined && typeof value !== "string")
      throw new RangeError(`config: ${name}, got ${typeof value}, expected a text`);
    return value;
  };
  const serverRound = whole("server-round", number("server-round") ?? 0);
  const method = text("method");
  const kept = number("kept-round");
  const effort = number("effort") ?? 1;
  if (!(effort >= 0 && effort <= 1))
    throw new RangeError(`config: effort, got ${effort}, expected a number from 0 to 1`);
  return {
    serverRound,
    // Flower's rounds count from 1
    round: Math.max(0, serverRound - 1),
    clip: number("clipping_norm"),
    order:
      method === undefined
        ? undefined
        : {
            method,
            federation: federationOf(text("federation")),
            effort,
            kept: kept === undefined ? undefined : whole("kept-round", kept),
            // a text, for an empty list has no type
            needed: (text("needed-rounds")?.match(/\d+/g) ?? []).map((round) => whole("needed-rounds", Number(round))),
            terms: text("terms"),
          },
  };
}

// it is a folder's name at a client
function federationOf(name: string | undefined): string {
  if (!/^[0-9a-f]{32}$/.test(name ?? ""))
    throw new RangeError(`config: federation, got ${(name ?? "nothing").slice(0, 40)}, expected 32 hexadecimal digits`);
  return name!;
}

function whole(name: string, round: number): number {
  if (!(Number.isSafeInteger(round) && round >= 0 && round <= 0xffff_ffff))
    throw new RangeError(`config: ${name}, got ${round}, expected a whole number from 0`);
  return round;
}
