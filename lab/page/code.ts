// The same run as code: a line for the command line, a config, a program. Each is made from the config by the rules that it will be read by.
import { type Config, override } from "../../src/experiment/config.ts";
import { preset } from "../../src/experiment/presets.ts";
import { valueAt } from "./limits.ts";

/** `moiety run` with what differs from the config's preset; of files of one's own the config's file, which they lie beside. */
export function runLine(config: Config): string {
  const { methods = {} } = config;
  if (config.files) return "moiety run config.json";
  const words = [`moiety run ${config.preset}`];
  const names = Object.keys(methods);
  if (names.length > 0) words.push(`--method ${names.join(",")}`);
  for (const [path, value] of changes(config)) words.push(`--set ${path}=${quoted(value)}`);
  for (const [name, options] of Object.entries(methods))
    for (const [option, value] of Object.entries(options)) words.push(`--set ${name}.${option}=${quoted(value)}`);
  return words.join(" \\\n  ");
}

/** config.json, as run folders have it. */
export function configFile(config: Config): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}

/** A program that runs it, on the library alone. */
export function program(config: Config): string {
  const own = config.files !== undefined;
  const imports = own ? "" : 'import { bundled, loadFashionMnist } from "moiety/data";\n';
  const dataset = own
    ? "dataset, // as loadOwn of moiety/data reads your files"
    : "dataset: await loadFashionMnist(bundled()),";
  return `${imports}import { MemoryStore, parseConfig, run, startPool } from "moiety/experiment";
import { methodTable } from "moiety/report";

const config = parseConfig(${JSON.stringify(config, null, 2)});

const result = await run({
  config,
  ${dataset}
  store: new MemoryStore(),
  pool: (setup) => startPool(setup, 2),
});
if (result.finished) console.log(methodTable(result.records.summary), result.records.summary.weightsSha256);
`;
}

// what turns the preset into the config, one field after another
function changes(config: Config): [path: string, value: unknown][] {
  const { methods: _, ...wanted } = config;
  let at: unknown = preset(config.preset);
  const found: [string, unknown][] = [];
  // a kind of partition first: it brings its fields along
  const paths = ["partition.kind", ...leaves(wanted, "").filter((path) => path !== "preset")];
  for (const path of paths) {
    const value = valueAt(wanted as Config, path);
    if (valueAt(at as Config, path) === value) continue;
    found.push([path, value]);
    at = override(at, path, value);
  }
  return found;
}

function leaves(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key));
}

// words of letters and digits stand as they are
function quoted(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[\w.,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
