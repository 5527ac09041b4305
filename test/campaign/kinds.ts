// Every kind of trial.
import type { Kind } from "./kind.ts";
import { allocator } from "./allocator.ts";
import { messages } from "./messages.ts";
import { readers } from "./readers.ts";

export const kinds: readonly Kind[] = [readers, messages, allocator];
