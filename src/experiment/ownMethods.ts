// Methods of one's own: a module that a config names, loaded once per thread. Only its address travels to workers.
import type { Method } from "../federated/method.ts";
import { personals } from "../moe/methods/index.ts";
import { type Config, ConfigError } from "./config.ts";
import { importOwn } from "./ownModule.ts";
import { isAddress } from "./ownNetworks.ts";

const loaded = new Map<string, Method>();

/** Imports the modules that a config's methods name by address; `ownMethod` then has them. */
export async function loadMethods({ methods = {} }: Pick<Config, "methods">): Promise<void> {
  for (const address of Object.keys(methods).map(addressIn).filter(isAddress)) {
    if (loaded.has(address)) continue;
    const found = await importOwn("methods", address);
    const exported = Object.values(found).filter(isMethod);
    if (exported.length !== 1)
      throw new ConfigError(
        `methods: ${address}, got ${exported.length} methods among its exports, expected one, made by method({ ... })`,
      );
    loaded.set(address, exported[0]!);
  }
}

// what is made of a method's answers comes after its address
function addressIn(name: string): string {
  const [, address, value] = /^(.+)\+([\w-]+)$/.exec(name) ?? [];
  return value !== undefined && personals.has(value) ? address! : name;
}

/** The method of a loaded module. */
export function ownMethod(address: string): Method {
  const own = loaded.get(address);
  if (!own) throw new Error(`ownMethod: ${address} is not loaded in this thread; await loadMethods(config) first`);
  return own;
}

function isMethod(value: unknown): value is Method {
  const { name, sends, options, client, server } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return (
    typeof name === "string" &&
    Array.isArray(sends) &&
    typeof options === "object" &&
    typeof client === "function" &&
    typeof server === "function"
  );
}
