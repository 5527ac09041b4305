// What a federation with real clients is called, and what of it nobody else is to know. Both last as long as its folder.
import type { Key } from "../runtime/random.ts";
import { ConfigError } from "./config.ts";
import { readJson } from "./checked.ts";
import type { RunStore } from "./store.ts";

export interface Named {
  /** By which clients know their states: 32 hexadecimal digits, others for every new federation. */
  readonly name: string;
  /** The address of who takes part in a round, where a promise of privacy counts on others not knowing that. */
  readonly secret: Key;
}

const FILE = "federation.json";

/** The name in a store that is gone on with, or a new one. */
export async function named(store: RunStore, resume = false): Promise<Named> {
  const bytes = resume ? await store.read(FILE) : undefined;
  const fresh = { name: newName(), secret: newKey() };
  if (!bytes) return fresh;
  const { federation, secret = fresh.secret } = readJson(bytes, `resume: ${FILE}`) as Record<string, unknown>;
  if (typeof federation === "string" && /^[0-9a-f]{32}$/.test(federation) && isKey(secret))
    return { name: federation, secret };
  throw new ConfigError(`resume: ${FILE}, got no federation's name; restore it, or begin anew`);
}

/** Writes it down, beside what was found. */
export function writeName(store: RunStore, { name, secret }: Named, found: object = {}): Promise<void> {
  return store.write(FILE, `${JSON.stringify({ federation: name, secret, ...found }, null, 2)}\n`);
}

function newName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function newKey(): Key {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint32Array(2));
  return [a, b];
}

function isKey(value: unknown): value is Key {
  return Array.isArray(value) && value.length === 2 && value.every((word) => Number.isInteger(word));
}
