// A module of one's own, imported by its address; what usually keeps it from being found is said with what to do.
import { ConfigError } from "./config.ts";

const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /unknown file extension "\.[cm]?ts"/i,
    "Node reads TypeScript from 22.18 on, before that compile it and name the JavaScript",
  ],
  [
    /cannot find package 'moiety'/i,
    "it is looked for from where the file lies: save that in a clone of moiety, or in a project that has moiety installed",
  ],
];

/** What a module exports. @param what it is for, named first in a ConfigError where it cannot be imported */
export async function importOwn(what: string, address: string): Promise<Readonly<Record<string, unknown>>> {
  // relative to this module, which is nowhere near the user's
  if (address.startsWith("."))
    throw new ConfigError(
      `${what}: got ${address}, expected an address that means the same everywhere (file:///..., https://...)`,
    );
  try {
    return (await import(/* @vite-ignore */ address)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const { message } = error as Error;
    const remedy = remedies.find(([pattern]) => pattern.test(message))?.[1];
    throw new ConfigError(`${what}: cannot import ${address}, ${message}${remedy ? `; ${remedy}` : ""}`);
  }
}
