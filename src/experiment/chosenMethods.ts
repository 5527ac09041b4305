// The methods that a config names, and what is wrong with how it names them.
import { type Method, type Options, optionsOf } from "../federated/method.ts";
import { methods } from "../federated/methods/index.ts";
import { ConfigError } from "./config.ts";
import { isAddress } from "./ownNetworks.ts";
import { ownMethod } from "./ownMethods.ts";

/** A method with its options, under the name that it has in records. */
export interface Federation {
  readonly name: string;
  readonly method: Method;
  readonly options: Options;
}

/** The method of a name, or of a module that has been loaded; a ConfigError says which there are. */
export function methodOf(name: string): Method {
  const found = isAddress(name) ? ownMethod(name) : methods.get(name);
  if (!found) throw new ConfigError(`got ${name}, expected one of ${[...methods.keys()].join(", ")}, or a module`);
  return found;
}

/** Methods by name or address, with all their options. */
export function chosenMethods(chosen: Readonly<Record<string, Options>>): Federation[] {
  const all = Object.entries(chosen).map(([name, given]) => {
    const method = methodOf(name);
    try {
      return { name: method.name, method, options: optionsOf(method, given) };
    } catch (error) {
      throw error instanceof RangeError ? new ConfigError(error.message) : error;
    }
  });
  const twice = all.find(({ name }, i) => all.findIndex((one) => one.name === name) < i);
  if (twice) throw new ConfigError(`got two of the name ${twice.name}, expected names that differ`);
  return all;
}

/** What is wrong with a config's methods, as far as it can be told before modules are loaded; "" if nothing is. */
export function problemOf(chosen: Readonly<Record<string, Options>>): string {
  const known = Object.entries(chosen).filter(([name]) => !isAddress(name));
  if (Object.keys(chosen).length === 0) return "expected one method at least";
  try {
    chosenMethods(Object.fromEntries(known));
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
