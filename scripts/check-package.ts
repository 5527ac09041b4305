// npm run check:package: what a user gets, checked as a user gets it. Packs, looks into the tarball, lets publint,
// are-the-types-wrong and Deno's publisher judge it, installs it into an empty project, compiles against its types, runs the
// README's example in Node, Deno and Bun, and sees what it loads.
import { execFile } from "node:child_process";
import { readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { installed } from "./installed.ts";
import { modulesLoadedBy, packagesOf } from "./loads.ts";
import { pack, project } from "./tarball.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));

/** What each entry may load besides moiety; entries that are not here may load nothing. */
const packages: Readonly<Record<string, readonly string[]>> = {
  "moiety/experiment": ["valibot"],
  "moiety/report": ["@observablehq/plot"],
  "moiety/testing": ["fast-check"],
  "moiety/onnx": ["@bufbuild/protobuf"],
  "moiety/flower": ["@bufbuild/protobuf"],
};

let failed = 0;
let passed = 0;

async function check(name: string, act: () => Promise<string | void>): Promise<void> {
  try {
    const note = await act();
    passed++;
    console.log(`ok    ${name}${note ? `: ${note}` : ""}`);
  } catch (error) {
    failed++;
    const { message, stdout = "", stderr = "" } = error as Error & { stdout?: string; stderr?: string };
    console.log(`FAIL  ${name}: ${[message, stdout, stderr].join("\n").trim()}`);
  }
}

const tool = async (name: string, version: string, command: string): Promise<string> =>
  join(await installed(name, version), "node_modules/.bin", command);
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

async function contents(tarball: string): Promise<string> {
  const { stdout } = await run("tar", ["tzf", tarball]);
  const files = stdout.trim().split("\n");
  const strange = files.filter(
    (file) => !/^package\/((dist|data\/fashion-mnist|flower)\/.*|package\.json|README\.md|LICENSE)$/.test(file),
  );
  if (strange.length > 0) throw new Error(`the tarball holds ${strange.join(", ")}`);
  for (const file of [
    "dist/kernels.wasm",
    "dist/extra.wasm",
    "dist/cli/main.js",
    "data/fashion-mnist/train-images-idx3-ubyte.gz",
  ])
    if (!files.includes(`package/${file}`)) throw new Error(`the tarball lacks ${file}`);
  return `${files.length} files, ${kilobytes((await stat(tarball)).size)}`;
}

/** Bytes of a minified bundle of `code`, plain and through gzip; what is imported late is not counted. */
async function bundled(folder: string, code: string): Promise<string> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: folder },
    absWorkingDir: folder,
    outdir: "out",
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
  });
  const needed = new Set(["out/stdin.js"]);
  for (const path of needed)
    for (const { path: next, kind } of metafile.outputs[path]!.imports)
      if (kind === "import-statement") needed.add(next);
  const bytes = Buffer.concat(
    outputFiles.filter(({ path }) => needed.has(`out/${basename(path)}`)).map(({ contents }) => contents),
  );
  return `${kilobytes(bytes.length)}, ${kilobytes(gzipSync(bytes, { level: 9 }).length)} gzipped`;
}

async function main(): Promise<void> {
  const tarball = await pack();
  await check("contents", () => contents(tarball));
  await check(
    "publint",
    async () => void (await run(await tool("publint", "0.3.25", "publint"), [tarball, "--strict"])),
  );
  await check("are the types wrong", async () => {
    const flags = ["--profile", "esm-only", "--exclude-entrypoints", "kernels.wasm", "extra.wasm", "--no-emoji"];
    await run(await tool("@arethetypeswrong/cli", "0.18.5", "attw"), [tarball, ...flags]);
  });
  await check("deno publish", async () => {
    await run(await tool("deno", "2.9.6", "deno"), ["publish", "--dry-run", "--allow-dirty"], { cwd: root });
  });

  const folder = await project("consumer", tarball);
  const example = await readFile(join(root, "examples/embed.ts"), "utf8");
  await writeFile(join(folder, "embed.ts"), example);
  // the example has no types in it
  await writeFile(join(folder, "embed.js"), example);
  const compilerOptions = { strict: true, noEmit: true, module: "nodenext", target: "es2022", types: [] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["embed.ts"] }));
  for (const version of ["7.0.2", "5.9.3"])
    await check(`types for TypeScript ${version}, without Node's`, async () => {
      const compiler = join(await installed("typescript", version), "node_modules/typescript/bin/tsc");
      await run(process.execPath, [compiler, "-p", "."], { cwd: folder });
    });

  const said = new Map<string, string>();
  const runtimes: readonly (readonly [string, () => Promise<readonly string[]>])[] = [
    ["Node", async () => [process.execPath]],
    ["Deno", async () => [await tool("deno", "2.9.6", "deno"), "run", "--quiet", "--allow-read"]],
    ["Bun", async () => [await tool("bun", "1.4.4", "bun")]],
  ];
  for (const [name, command] of runtimes)
    await check(`embed example in ${name}`, async () => {
      const [file, ...flags] = (await command()) as [string, ...string[]];
      said.set(name, (await run(file, [...flags, "embed.js"], { cwd: folder })).stdout);
      if (said.get(name) !== said.get("Node"))
        throw new Error(`it says\n${said.get(name)}but in Node\n${said.get("Node")}`);
    });
  await check("embed example loads nothing else", async () => {
    const loaded = await modulesLoadedBy('await import("./embed.js");', folder);
    const others = packagesOf(loaded).filter((name) => name !== "moiety");
    if (others.length > 0) throw new Error(`it loads ${others.join(", ")}`);
    return `${loaded.length} modules`;
  });

  await check("kernels as a file of their own", async () => {
    const code = `import { add, configure, loadKernels, tensor } from "moiety";
configure({ kernels: await loadKernels(import.meta.resolve("moiety/kernels.wasm")) });
if (add(tensor([1, 2]), tensor(0.5)).toArray().join() !== "1.5,2.5") throw new Error("wrong sum");`;
    await writeFile(join(folder, "kernels.js"), code);
    await run(process.execPath, ["kernels.js"], { cwd: folder });
  });

  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
    devDependencies: Record<string, string>;
  };
  const peers = ["fast-check", "@bufbuild/protobuf"].map((name) => `${name}@${manifest.devDependencies[name]}`);
  await run("npm", ["install", "--no-audit", "--no-fund", ...peers], { cwd: folder });
  const entries = Object.keys(manifest.exports)
    .filter((entry) => !/\.(wasm|json)$/.test(entry))
    .map((entry) => `moiety${entry.slice(1)}`);
  for (const entry of entries)
    await check(`${entry} loads no more than it says`, async () => {
      const loaded = packagesOf(await modulesLoadedBy(`await import("${entry}");`, folder));
      const direct = await directImports(folder, loaded);
      const allowed = packages[entry] ?? [];
      const others = direct.filter((name) => name !== "moiety" && !allowed.includes(name));
      if (others.length > 0) throw new Error(`it loads ${others.join(", ")}`);
      const size = await bundled(folder, `export * from "${entry}";`).catch(() => "not for a browser");
      return `${loaded.filter((name) => name !== "moiety").join(", ") || "nothing else"}; bundled ${size}`;
    });
  await check("embed example, bundled", () => bundled(folder, example));
  await check("the command line", async () => {
    const { stdout } = await run("npx", ["moiety", "run", "quick", "--rounds", "1", "--set", "personal.clients=1"], {
      cwd: folder,
    });
    return /weights {2}\w+/.exec(stdout)?.[0];
  });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** Of some packages, those that no other of them depends on. */
async function directImports(folder: string, names: readonly string[]): Promise<string[]> {
  const needed = new Set<string>();
  for (const name of names) {
    if (name === "moiety") continue;
    const text = await readFile(join(folder, "node_modules", name, "package.json"), "utf8");
    const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> };
    for (const dependency of Object.keys(dependencies)) needed.add(dependency);
  }
  return names.filter((name) => !needed.has(name));
}

await main();
