// The tests and the sources that they try, with every mutant in them, as one module in build/: no file of the tree is changed.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { API } from "typescript/unstable/sync";
import { type Mutant, withMutants } from "./source.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const rules = ["src/federated/methods", "src/moe/methods"];
const tested = ["test/federated", "test/moe"];

/** What methods, and what clients make of them, are made of beside their own files. */
const common = [
  ..."kit mixed robust servers serverSteps statistics tally vectors".split(" ").map((name) => `federated/${name}`),
  ..."calibration discriminator evidence gateOver gaussians hazard labelLaw mixture opinionPool platt posterior stacking"
    .split(" ")
    .map((name) => `moe/${name}`),
].map((name) => `src/${name}.ts`);

export interface Loaded {
  readonly mutants: readonly Mutant[];
  /** A module that serves. */
  readonly module: string;
  /** Of all that is in it: the same tests of the same sources. */
  readonly hash: string;
}

/** Every file with an update rule in it. */
export async function ruleFiles(): Promise<string[]> {
  const files = rules.map(async (folder) => (await readdir(join(root, folder))).map((name) => `${folder}/${name}`));
  const names = (await Promise.all(files)).flat().filter((name) => !name.endsWith("/index.ts"));
  return [...names.toSorted(), ...common];
}

/** The file that declares a method. */
export async function fileOf(method: string): Promise<string | undefined> {
  for (const file of await ruleFiles())
    if ((await readFile(join(root, file), "utf8")).includes(`name: "${method}"`)) return file;
  return undefined;
}

/** Test files of methods and of what clients make of them whose path has one of these parts in it. */
export async function testFiles(parts: readonly string[]): Promise<string[]> {
  const found = tested.map(async (folder) => {
    const names = await readdir(join(root, folder), { recursive: true });
    return names.map((name) => `${folder}/${name.replaceAll(sep, "/")}`);
  });
  const files = (await Promise.all(found)).flat().filter((name) => name.endsWith(".test.ts"));
  return files.filter((name) => parts.length === 0 || parts.some((part) => name.includes(part))).toSorted();
}

/** Loads these test files with mutants in these sources. */
export async function load(sources: readonly string[], tests: readonly string[]): Promise<Loaded> {
  const mutants: Mutant[] = [];
  const texts = new Map<string, string>();
  const api = new API({ cwd: root });
  try {
    const project = api.updateSnapshot({ openProject: join(root, "tsconfig.json") }).getProjects()[0]!;
    for (const file of sources) {
      const source = project.program.getSourceFile(join(root, file));
      if (!source) throw new Error(`mutants: ${file} is not in the project of tsconfig.json`);
      texts.set(join(root, file), withMutants(source, file, mutants));
    }
  } finally {
    api.close();
  }
  const plugin: Plugin = {
    name: "mutants",
    setup: ({ onResolve, onLoad }) => {
      onResolve({ filter: /support\/suite\.ts$|^\.\/suite\.ts$/ }, ({ resolveDir }) =>
        resolveDir.startsWith(join(root, "test")) ? { path: join(here, "suite.ts") } : undefined,
      );
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const tried = texts.get(path);
        // on the first line, so that lines stay where they are
        const text = tried === undefined ? await readFile(path, "utf8") : `import { mutant } from ${JSON.stringify(join(here, "switch.ts"))}; ${tried}`; // prettier-ignore
        // files beside a module are found where they are, not beside the one module in build/
        const own = JSON.stringify(pathToFileURL(path).href);
        return { contents: text.replaceAll("import.meta.url", own), loader: "ts" };
      });
    },
  };
  const contents = [...tests.map((file) => `import "./${file}";`), `import { serve } from "./${relative(root, here)}/serve.ts"; serve();`].join("\n"); // prettier-ignore
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
    plugins: [plugin],
    // package.json says that modules have no effect but their exports, and tests have
    ignoreAnnotations: true,
    // packages stay packages
    packages: "external",
  });
  const { text } = outputFiles[0]!;
  const hash = createHash("sha256").update(text).digest("hex");
  const module = join(root, "build/mutants", `tests-${hash.slice(0, 12)}.mjs`);
  await mkdir(join(root, "build/mutants"), { recursive: true });
  await writeFile(module, text);
  return { mutants, module, hash };
}

/** A mutant in one line. */
export function describe({ file, line, was, now }: Mutant): string {
  const short = (text: string): string => {
    const one = text.replace(/\s+/g, " ");
    return one.length > 90 ? `${one.slice(0, 60)} … ${one.slice(-25)}` : one;
  };
  return `${basename(file)}:${line}  ${short(was)}  ->  ${now === "" ? "(left out)" : short(now)}`;
}
