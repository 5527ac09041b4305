// A whole config in the address, as `#seed=1&partition.p=0.6&...`: the same address gives the same numbers. It comes after
// the #, so no server ever hears of it.
import { type Config, ConfigError, override } from "../../src/experiment/config.ts";
import { isAddress } from "../../src/experiment/ownNetworks.ts";
import { preset } from "../../src/experiment/presets.ts";
import { parseConfig } from "../../src/experiment/schema.ts";

const models: ReadonlySet<string> = new Set(["lenet", "mlp"]);

/** What the page begins with. */
export function defaultConfig(): Config {
  return preset("quick");
}

/** The part of an address after the #. */
export function writeAddress(config: Config): string {
  const fields = new URLSearchParams();
  const visit = (value: unknown, path: string): void => {
    // a description of files has lists in it, and is taken whole
    if (path === "files") fields.set(path, JSON.stringify(value));
    else if (isMethod(path) && Object.keys(value as object).length === 0) fields.set(path, usual);
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) visit(inner, path ? `${path}.${key}` : key);
    else fields.set(path, String(value));
  };
  visit(config, "");
  return fields.toString();
}

/** Whether two configs say the same, in whatever order. */
export function sameConfig(one: Config, other: Config): boolean {
  const [a, b] = [one, other].map((config) => {
    const fields = new URLSearchParams(writeAddress(config));
    fields.sort();
    return fields.toString();
  });
  return a === b;
}

/** The config of an address; fields that are not in it are the preset's. A ConfigError for what makes no experiment. */
export function readAddress(hash: string): Config {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  let config: unknown = fields.has("preset") ? preset(fields.get("preset") ?? "") : defaultConfig();
  // a kind of partition has fields of its own: given at all, it is given whole
  if (fields.has("partition.kind")) config = { ...(config as Config), partition: {} };
  for (const [path, text] of fields) {
    try {
      config = override(config, path, path === "files" ? JSON.parse(text) : isMethod(path) ? {} : valueOf(text));
    } catch {
      throw new ConfigError(`address: no field ${path}, or not a whole one; is the address whole?`);
    }
  }
  const parsed = parseConfig(config);
  // a model may also be the address of a module, and nobody's address may run code here
  if (!models.has(parsed.model))
    throw new ConfigError(`address: model, got ${parsed.model}, expected ${[...models].join(" or ")}`);
  for (const name of Object.keys(parsed.methods ?? {}))
    if (isAddress(name)) throw new ConfigError(`address: methods, got ${name}, expected names of moiety methods`);
  return parsed;
}

// a method with nothing to say but its name
const usual = "as it is";
const isMethod = (path: string): boolean => /^methods\.[^.]+$/.test(path);

// numbers and booleans as they are, everything else as text
function valueOf(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}
