// What is wrong, as a text.
import { parseConfig } from "../../src/experiment/schema.ts";
import { checkLimits } from "./limits.ts";

/** What is wrong with a set-up, as far as it can be told without its data; nothing if nothing is. */
export function problemOf(wanted: unknown): string {
  try {
    checkLimits(parseConfig(wanted));
    return "";
  } catch (error) {
    return messageOf(error);
  }
}

/** What an error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
