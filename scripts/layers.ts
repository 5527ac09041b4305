// The import rules of the house, read off the source text:
//
//   tower     runtime < autograd < nn < federated < moe < experiment < cli: a floor imports only floors below it
//   data      sits on runtime's random, scalar, steps and platform; io and report import nothing of ours
//             io serves data (npy) and federated (Flower messages) and above; data and report serve experiment and above
//   entries   files right under src, src/testing and src/onnx stand beside the tower: they import, and nobody imports them
//   kernels   are called in runtime and autograd/ops; the engine that holds them is seen by runtime and autograd only
//   node:*    in runtime/platform, federated/backends and cli (scripts, bench and test are free)
//   packages  only where `packages` below says, so the library core needs none
//   cycles    none of any kind: imports that are erased (import type) or late (import()) close a ring as others do
//   exports   have names: no default exports
//
// Run alone it prints what breaks a rule; test/layers.test.ts runs it over the whole tree.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** One module: its path from the root of the repository, with `/`, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

const tower = ["runtime", "autograd", "nn", "federated", "moe", "experiment", "cli"];

// what a floor may import besides itself, as path prefixes; a trailing slash means a folder
const allowed: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(tower.map((floor, at) => [floor, tower.slice(0, at).map((below) => `src/${below}/`)])),
  data: ["src/runtime/random.ts", "src/runtime/scalar.ts", "src/runtime/steps.ts", "src/runtime/platform.ts"],
  io: [],
  report: [],
  testing: ["src/runtime/", "src/autograd/"],
  onnx: ["src/runtime/", "src/autograd/", "src/nn/"],
};

// which floors may lean on those beside the tower
const users: Readonly<Record<string, readonly string[]>> = {
  data: ["experiment", "cli"],
  io: ["data", "federated", "moe", "experiment", "cli"],
  report: ["experiment", "cli"],
};

const packages: Readonly<Record<string, readonly string[]>> = {
  "src/data/csv.ts": ["papaparse"],
  "src/report/": ["@observablehq/plot", "linkedom"],
  "src/experiment/": ["valibot"],
  "src/cli/": ["yargs", "cli-progress"],
  "src/federated/backends/flower/": ["@grpc/grpc-js", "@bufbuild/protobuf"],
  "src/federated/secure/keys.ts": ["shamir-secret-sharing"],
  "src/testing/": ["fast-check"],
  "src/onnx/": ["@bufbuild/protobuf"],
};

const node = ["src/runtime/platform.ts", "src/runtime/platform/", "src/federated/backends/", "src/cli/"];

/** The text without comments, so that what is only talked about does not count. */
function code(text: string): string {
  const token = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[^]*?\*\//g;
  return text.replace(token, (_, literal: string | undefined) => literal ?? "");
}

/** What a module imports: paths from the root for modules of ours, the specifier as written for everything else. */
function importsOf({ path, text }: Source): string[] {
  const folder = path.split("/").slice(0, -1);
  const plain = code(text);
  const whole = /^\s*(?:import|export)\s+(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']/gm;
  return [...plain.matchAll(whole), ...plain.matchAll(/\bimport\(\s*["']([^"']+)["']/g)].map(([, specifier]) =>
    specifier!.startsWith(".") ? join(...folder, specifier!).replaceAll(sep, "/") : specifier!,
  );
}

const within = (path: string, places: readonly string[]): boolean =>
  places.some((place) => (place.endsWith("/") ? path.startsWith(place) : path === place));

/** The floor of a path, or "" for the entries right under src. */
function floorOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 2 ? parts[1]! : "";
}

/** Why a module under src may not have this import; undefined if it may. */
function refusal(path: string, target: string): string | undefined {
  const floor = floorOf(path);
  if (target.startsWith("node:")) return within(path, node) ? undefined : "node's modules belong to the platform";
  if (!target.startsWith("src/")) {
    if (target.includes("..") || /^(test|bench|scripts|lab)\//.test(target))
      return "src imports nothing outside of src";
    const name = target
      .split("/")
      .slice(0, target.startsWith("@") ? 2 : 1)
      .join("/");
    const homes = Object.entries(packages).filter(([home]) => path.startsWith(home));
    return homes.some(([, names]) => names.includes(name)) ? undefined : "this floor needs no such package";
  }
  const to = floorOf(target);
  if (to === "" || to === "testing" || to === "onnx")
    return to === floor && to !== "" ? undefined : "nobody imports an entry";
  if (floor === to || floor === "") return undefined;
  if (users[to]) return users[to].includes(floor) ? undefined : `${to} serves ${users[to].join(", ")}`;
  const below = allowed[floor];
  if (!below) return `${floor} is no floor of the house; name it in scripts/layers.ts`;
  return within(target, below) ? undefined : `${floor} may import ${below.join(", ") || "nothing of ours"}`;
}

function kernelRules({ path, text }: Source, imports: readonly string[]): string[] {
  const found: string[] = [];
  if (!within(path, ["src/runtime/", "src/autograd/"])) {
    for (const target of imports)
      if (/^src\/runtime\/(engine|extra|kernels\.wasm|extra\.wasm)\.ts$/.test(target))
        found.push(`${path}: imports ${target}; only runtime and autograd see the engine`);
  } else if (!within(path, ["src/runtime/", "src/autograd/ops/"])) {
    const literals = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
    if (/\bkernels\b|\bextra\(/.test(code(text).replace(literals, '""')))
      found.push(`${path}: calls kernels; only runtime and autograd/ops do`);
  }
  return found;
}

/** One line per ring of modules that import each other. */
function rings(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const at = trail.indexOf(path);
    if (at >= 0) return void found.push(`cycle: ${[...trail.slice(at), path].join(" -> ")}`);
    if (done.has(path)) return;
    trail.push(path);
    for (const next of graph.get(path) ?? []) visit(next);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return found;
}

/** Everything that breaks a rule, one line each; empty when the house stands. */
export function violations(sources: readonly Source[]): string[] {
  const found: string[] = [];
  const graph = new Map<string, string[]>();
  for (const source of sources) {
    const { path, text } = source;
    if (/^\s*export\s+default\b|^\s*export\s*\{[^}]*\bas\s+default\b/m.test(code(text)))
      found.push(`${path}: has a default export; exports have names`);
    const imports = importsOf(source);
    graph.set(path, imports);
    if (!path.startsWith("src/")) continue;
    for (const target of imports) {
      const reason = refusal(path, target);
      if (reason) found.push(`${path}: imports ${target}; ${reason}`);
    }
    found.push(...kernelRules(source, imports));
  }
  return [...found, ...rings(graph)];
}

/** Every TypeScript module of src, lab, test, bench, scripts and examples below `root`. */
export function readSources(root: string): Source[] {
  return ["src", "lab", "test", "bench", "scripts", "examples"].flatMap((folder) => {
    const under = join(root, folder);
    let names: string[];
    try {
      names = readdirSync(under, { recursive: true }) as string[];
    } catch {
      return [];
    }
    return names
      .filter((name) => /\.tsx?$/.test(name) && !name.includes("node_modules"))
      .map((name) => join(under, name))
      .map((file) => ({ path: relative(root, file).replaceAll(sep, "/"), text: readFileSync(file, "utf8") }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = violations(readSources(fileURLToPath(new URL("..", import.meta.url))));
  for (const line of found) console.error(line);
  console.log(`layers: ${found.length === 0 ? "the house stands" : `${found.length} broken`}`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
