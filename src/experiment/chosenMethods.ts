// The methods that a config names, and what is wrong with how it names them. `ditto` is a federation, `ditto+finetuned` what its
// clients then make of its answers; several of these over one federation share it.
import { type Method, type Option, type Options, optionsOf } from "../federated/method.ts";
import { methods } from "../federated/methods/index.ts";
import type { Entry, Personal, Row, Settings } from "../moe/index.ts";
import { personals, usualEntries } from "../moe/methods/index.ts";
import { ConfigError } from "./config.ts";
import { isAddress } from "./ownNetworks.ts";
import { ownMethod } from "./ownMethods.ts";

/** The generalist's federation: what local, fine-tuned and mixed models of the paper are compared with and made from. */
export const GENERALIST = "fedavg";

/** A method with its options, under the name that it has in records, and who is made of its answers. */
export interface Federation {
  readonly name: string;
  readonly method: Method;
  readonly options: Options;
  /** Who is made of its answers, each an entry. */
  readonly rows: readonly Row[];
  readonly entries: Readonly<Record<string, Entry>>;
}

/** The method of a name, or of a module that has been loaded; a ConfigError says which there are. */
export function methodOf(name: string): Method {
  const found = isAddress(name) ? ownMethod(name) : methods.get(name);
  if (!found)
    throw new ConfigError(
      `got ${name}, expected one of ${[...methods.keys()].join(", ")}, a module, or one of these and +${[...personals.keys()].join(", +")}`,
    );
  return found;
}

/** A chosen name in two: whose federation, and what is made of it. */
export function partsOf(name: string): { readonly federation: string; readonly value?: string } {
  if (methods.has(name)) return { federation: name };
  if (personals.has(name)) return { federation: GENERALIST, value: name };
  const [, federation, value] = /^(.+)\+([\w-]+)$/.exec(name) ?? [];
  return federation !== undefined && personals.has(value!) ? { federation, value: value! } : { federation: name };
}

// as options may be told by before there is a config to tell their defaults, which are this number
function someSettings(n: number): Settings {
  const training = { lr: n, epochs: n, batchSize: n, validateEvery: n, patience: n, margin: n };
  return { training, mixture: { ...training, gateOnly: false } };
}

/** A value's options with their defaults; undefined where that is what a config says of all trainings. */
export function usualOptions({ options }: Personal): Readonly<Record<string, Option | undefined>> {
  const [some, others] = [options(someSettings(1)), options(someSettings(2))];
  return Object.fromEntries(
    Object.entries(some).map(([name, usual]) => [name, others[name] === usual ? usual : undefined]),
  );
}

function checked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof RangeError ? new ConfigError(error.message) : error;
  }
}

/** Federations by name or address, with all their options and what is made of them. */
export function chosenMethods(chosen: Readonly<Record<string, Options>>): Federation[] {
  const all = Object.entries(chosen).map(([name, given]) => ({ name, given, ...partsOf(name) }));
  const found = [...new Set(all.map(({ federation }) => federation))].map((address): Federation => {
    const method = methodOf(address);
    const own = all.filter(({ federation }) => federation === address);
    const plain = own.find(({ value }) => value === undefined);
    const made = own.filter(({ value }) => value !== undefined);
    for (const { value, given } of made)
      checked(() => {
        const { name, options, ranges = {} } = personals.get(value!)!;
        return optionsOf({ name, options: options(someSettings(1)), ranges }, given);
      });
    return {
      name: method.name,
      method,
      options: checked(() => optionsOf(method, plain?.given)),
      // a module's rows have its method's name
      rows: made.map(({ name, value }) => ({ name: name.replace(address, method.name), of: value! })),
      entries: {
        ...usualEntries,
        ...Object.fromEntries(
          made.map(({ value, given }) => [value!, { value: personals.get(value!)!, options: given }]),
        ),
      },
    };
  });
  const twice =
    repeated(found.map(({ name }) => name)) ?? repeated(all.map(({ federation, value }) => `${federation}+${value}`));
  if (twice !== undefined) throw new ConfigError(`got two of the name ${twice}, expected names that differ`);
  return found;
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) < i);
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
