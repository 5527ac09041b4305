// Every kind of trial.
import type { Kind } from "./kind.ts";
import { allocator } from "./allocator.ts";
import { canaries } from "./canaries.ts";
import { disks } from "./disks.ts";
import { kills } from "./kills.ts";
import { messages } from "./messages.ts";
import { pairs } from "./pairs.ts";
import { readers } from "./readers.ts";
import { torch } from "./torch.ts";

export const kinds: readonly Kind[] = [readers, messages, canaries, torch, allocator, kills, disks, pairs];
