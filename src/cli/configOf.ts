// From a preset's name or a file, and flags, to a config.
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  complete,
  type Config,
  ConfigError,
  heldOutGate,
  loadMethods,
  methodOf,
  override,
  parseConfig,
  posteriorGate,
  preset,
  withPreset,
} from "../experiment/index.ts";
import { partsOf } from "../experiment/chosenMethods.ts";
import { isAddress } from "../experiment/ownNetworks.ts";
import { fields } from "./experimentFlags.ts";
import { invocation } from "./invocation.ts";
import { withPartition } from "./partitionFile.ts";

/** The config that a preset or file and flags describe. */
export async function configOf(experiment: string, args: Readonly<Record<string, unknown>>): Promise<Config> {
  let config: unknown = experiment.endsWith(".json")
    ? complete(await withPartition(resolved(await readConfig(experiment), dirname(experiment)), dirname(experiment)))
    : preset(experiment);
  for (const [flag, path] of Object.entries(fields))
    if (args[flag] !== undefined) {
      if (flag === "p") config = override(config, "partition.kind", "majority");
      config = override(config, path, args[flag]);
    }
  if (args["gate"] === "held-out")
    for (const [field, value] of Object.entries(heldOutGate)) config = override(config, `mixture.${field}`, value);
  if (args["gate"] === "posterior") config = override(config, "posterior", { ...posteriorGate });
  if (args["method"] !== undefined) config = withMethods(config, args["method"] as readonly string[]);
  // what a module's method is called is known when it is loaded
  const { methods } = (config ?? {}) as { methods?: unknown };
  if (typeof methods === "object" && methods !== null) {
    config = resolved(config, ".");
    await loadMethods(config as Pick<Config, "methods">);
  }
  for (const words of (args["preset"] as readonly string[] | undefined) ?? [])
    for (const one of words.split(",")) config = await withPreset(config, one);
  for (const assignment of (args["set"] as string[] | undefined) ?? []) {
    const [key, value] = assigned("--set", assignment);
    config = override(config, pathIn(config, key), valueOf(value));
  }
  return parseConfig(await withPartition(resolved(config, "."), "."));
}

/** The two sides of what a flag was given in the form `key=value`; the error says the form. */
export function assigned(flag: string, text: string, form = "key=value"): readonly [key: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new ConfigError(`${flag}: got ${text}, expected ${form}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** A config that compares these methods, with the options that it has for them. */
function withMethods(config: unknown, asked: readonly string[]): unknown {
  const { methods = {} } = config as { methods?: Readonly<Record<string, unknown>> };
  const names = asked.flatMap((one) => one.split(",")).filter((name) => name !== "");
  return { ...(config as object), methods: Object.fromEntries(names.map((name) => [name, methods[name] ?? {}])) };
}

/**
 * A path of a config as it is typed: `ditto.lambda` is that option of that method, of those that the config compares. Modules
 * among them have been loaded.
 */
export function pathIn(config: unknown, path: string): string {
  const { methods = {} } = config as { methods?: object };
  const [name = "", ...option] = path.split(".");
  if (Object.hasOwn(methods, name)) return `methods.${path}`;
  const own = Object.keys(methods).find((one) => isAddress(one) && methodOf(partsOf(one).federation).name === name);
  return own === undefined ? path : ["methods", own, ...option].join(".");
}

/** A config whose model and files mean the same wherever it is read: relative paths are those of `folder`. */
export function resolved(config: unknown, folder: string): unknown {
  // what is no config is refused by the schema
  if (typeof config !== "object" || config === null || Array.isArray(config)) return config;
  const { model, files, methods } = config as { model?: unknown; files?: { folder?: unknown }; methods?: object };
  const at = { ...config };
  if (methods && typeof methods === "object")
    Object.assign(at, {
      methods: Object.fromEntries(
        Object.entries(methods).map(([name, options]) => [
          /^\.{0,2}\//.test(name) ? pathToFileURL(resolve(folder, name)).href : name,
          options as unknown,
        ]),
      ),
    });
  if (typeof model === "string" && /^\.{0,2}\//.test(model))
    Object.assign(at, { model: pathToFileURL(resolve(folder, model)).href });
  if (files && typeof files === "object") {
    const { folder: place = "." } = files;
    Object.assign(at, { files: { ...files, folder: typeof place === "string" ? resolve(folder, place) : place } });
  }
  return at;
}

/** Numbers, booleans and JSON as they are, everything else as text. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a JSON file says, to be checked by parseConfig. */
export async function readConfig(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new ConfigError(`config: cannot read ${path}; give a preset's name (${invocation()} presets) or a JSON file`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`config: ${path} is not JSON, ${(error as Error).message}`);
  }
}
