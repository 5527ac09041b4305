// Every kind of trial.
import type { Kind } from "./kind.ts";
import { allocator } from "./allocator.ts";
import { canaries } from "./canaries.ts";
import { disks } from "./disks.ts";
import { kills } from "./kills.ts";
import { messages } from "./messages.ts";
import { pairs } from "./pairs.ts";
import { planted } from "./planted.ts";
import { readers } from "./readers.ts";
import { torch } from "./torch.ts";

/** All that are tried unless some are named. */
export const kinds: readonly Kind[] = [readers, messages, canaries, torch, allocator, kills, disks, pairs];

/** A kind by its name, the planted one too. */
export function kindOf(name: string): Kind {
  const found = [...kinds, planted].find((kind) => kind.name === name);
  if (!found) throw new RangeError(`campaign: no kind ${name}`);
  return found;
}
