// Takes what dist's modules import from packages along into dist, so that who installs moiety installs nothing else. Modules of our
// own stay the files that they are; of a package comes what is used of it, and its licence.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile, type Plugin, transform } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const { peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly peerDependencies: Readonly<Record<string, string>>;
};

const VENDOR = join("dist", "vendor");

/** Where it is told what came along, and under which licences. */
export const NOTICES = "dist/THIRD-PARTY.txt";

// under these a package may be handed on with its notice
const licences: ReadonlySet<string> = new Set([
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "(Apache-2.0 AND BSD-3-Clause)",
]);

const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  logLevel: "error",
  outdir: "dist",
  outbase: "dist",
  write: false,
  metafile: true,
} as const;

/** Packages that users bring themselves, if they want what needs them. */
function isBrought(path: string): boolean {
  return Object.keys(peerDependencies).some((name) => path === name || path.startsWith(`${name}/`));
}

/** Modules of dist, and what each imports that is neither a file of ours nor a part of the runtime. */
export async function packageImports(files: readonly string[]): Promise<Map<string, readonly string[]>> {
  const { metafile } = await build({ ...common, entryPoints: [...files], packages: "external" });
  const found = Object.entries(metafile.inputs).map(([file, { imports }]) => {
    const names = imports.flatMap(({ path, external }) => (external && !isBuiltin(path) ? [path] : []));
    return [file, [...new Set(names)]] as const;
  });
  return new Map(found.filter(([, names]) => names.length > 0));
}

// a package's CommonJS asks for parts of Node at run time, which a module can only do so
const NODE = "part of node";

const boundaries: Plugin = {
  name: "boundaries",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\./ }, ({ path, importer, kind }) =>
      kind === "entry-point" || /[\\/]node_modules[\\/]/.test(importer) ? undefined : { path, external: true },
    );
    onResolve({ filter: /^[^.]/ }, ({ path, kind }) => {
      if (isBrought(path)) return { path, external: true };
      // linkedom's own stand-in, which it takes where there is no such package
      if (path === "canvas") return { path: join(root, "node_modules/linkedom/commonjs/canvas-shim.cjs") };
      if (!isBuiltin(path)) return undefined;
      const name = path.replace(/^(?:node:)?/, "node:");
      return kind === "require-call" ? { path: name, namespace: NODE } : { path: name, external: true };
    });
    onLoad({ filter: /.*/, namespace: NODE }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule("${path}");`,
    }));
  },
};

/** Rewrites those modules of dist that import packages, and tells what came along in NOTICES. */
export async function takePackages(): Promise<void> {
  const files = scripts("dist");
  // what an earlier build took along is taken anew, if at all
  const users = [...(await packageImports(files.filter((file) => !file.startsWith(VENDOR))))].flatMap(
    ([file, names]) => (names.every(isBrought) ? [] : [file]),
  );
  const { metafile, outputFiles } = await build({
    ...common,
    entryPoints: users,
    splitting: true,
    mainFields: ["module", "main"],
    chunkNames: "vendor/[name]-[hash]",
    // papaparse looks for Node's streams unless this is there; nothing of ours hands it one
    define: { PAPA_BROWSER_CONTEXT: "true" },
    legalComments: "none",
    plugins: [boundaries],
  });
  // names stay: some packages go by those of their classes
  const small = { format: "esm", minifyWhitespace: true, minifySyntax: true, legalComments: "none" } as const;
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, (await transform(text, small)).code);
  }
  const taken = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const file of scripts(VENDOR)) if (!taken.has(basename(file))) rmSync(join(root, file));
  writeFileSync(join(root, NOTICES), notices(metafile));
  for (const [file, names] of await packageImports(scripts("dist")))
    if (!names.every(isBrought)) throw new Error(`vendor: ${file} still imports ${names.join(", ")}`);
}

function scripts(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  const files = readdirSync(join(root, folder), { recursive: true }) as string[];
  return files.filter((file) => file.endsWith(".js")).map((file) => join(folder, file));
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly author?: string | { readonly name: string };
}

function notices({ outputs }: Metafile): string {
  const files = new Map<string, Set<string>>();
  for (const { inputs } of Object.values(outputs))
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = folderOf(file);
      if (folder === undefined || bytesInOutput === 0) continue;
      files.set(folder, (files.get(folder) ?? new Set()).add(file));
    }
  const told = [...files]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([folder, used]) => {
      const of = JSON.parse(read(join(folder, "package.json"))) as Package;
      const { name, version, license } = of;
      if (!licences.has(license))
        throw new Error(`vendor: ${name}, got licence ${license}, expected one of ${[...licences].join(", ")}`);
      const file = readdirSync(join(root, folder)).find((one) => /^licen[cs]e/i.test(one));
      return `${name} ${version} (${license})\n\n${file ? read(join(folder, file)).trim() : untold(of, [...used])}\n`;
    });
  const line = `\n${"-".repeat(80)}\n\n`;
  return `Parts of these packages are in the files of moiety's dist.\n${line}${told.join(line)}`;
}

// Some packages come without the text of their licence: then it is what their files begin with, or whose they are. The text of the
// Apache licence is the same for all.
function untold({ name, license, author }: Package, files: readonly string[]): string {
  const heads = files.flatMap((file) => /^(?:\/\/.*\n)+|^\/\*[^]*?\*\//.exec(read(file)) ?? []);
  const by = typeof author === "string" ? author : author?.name;
  const notes = heads.length > 0 ? [...new Set(heads.map((head) => head.trim()))] : by ? [`Copyright (c) ${by}`] : [];
  if (notes.length === 0) throw new Error(`vendor: ${name}, got neither a licence's text nor an author, expected one`);
  const apache = license.includes("Apache-2.0") ? [read("node_modules/@grpc/grpc-js/LICENSE").trim()] : [];
  return [...notes, ...apache].join("\n\n");
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

// the innermost package that a file is in
function folderOf(file: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
}
