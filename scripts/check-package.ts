// npm run check:package: what a user gets, checked as a user gets it. Packs, looks into the tarball, lets publint,
// are-the-types-wrong and Deno's publisher judge it, installs it into an empty project, where nothing else may come along, compiles
// against its types, runs the README's example in Node, Deno and Bun, and sees what it loads.
import { execFile } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { compile, programs } from "./consumer.ts";
import { installed } from "./installed.ts";
import { modulesLoadedBy, packagesOf } from "./loads.ts";
import { pack, project } from "./tarball.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));

/** What each entry may load besides moiety; entries that are not here may load nothing. */
const packages: Readonly<Record<string, readonly string[]>> = { "moiety/testing": ["fast-check"] };

/** Releases of fast-check that moiety/testing is to work with: the first of its range, and the one that tests here use. */
const checkers = ["3.0.0", "4.10.2"];

// what npm unpacks; four fifths are Fashion-MNIST's bundled part and the kernels
const MOST_BYTES = 11e6;

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
    (file) =>
      !/^package\/((dist|data\/fashion-mnist|docs|examples|flower)\/.*|package\.json|[A-Z]+\.md|LICENSE)$/.test(file),
  );
  if (strange.length > 0) throw new Error(`the tarball holds ${strange.join(", ")}`);
  for (const file of [
    "dist/kernels.wasm",
    "dist/extra.wasm",
    "dist/cli/main.js",
    "dist/THIRD-PARTY.txt",
    "data/fashion-mnist/train-images-idx3-ubyte.gz",
  ])
    if (!files.includes(`package/${file}`)) throw new Error(`the tarball lacks ${file}`);
  // a registry shows the README, whose links lead to what is beside it
  const readme = await readFile(join(root, "README.md"), "utf8");
  for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g))
    if (!files.some((file) => file === `package/${target}` || file.startsWith(`package/${target}/`)))
      throw new Error(`the tarball lacks ${target}, which the README points to`);
  return `${files.length} files, ${kilobytes((await stat(tarball)).size)}`;
}

/** Packages in an empty project in which moiety was installed: itself, and nothing else. */
async function alone(folder: string): Promise<string> {
  const { packages: found } = JSON.parse(await readFile(join(folder, "node_modules/.package-lock.json"), "utf8")) as {
    packages: object;
  };
  const names = Object.keys(found);
  if (names.join() !== "node_modules/moiety") throw new Error(`npm installs ${names.join(", ")}`);
  const files = await readdir(join(folder, "node_modules"), { recursive: true, withFileTypes: true });
  const sizes = files.map(async (file) => (file.isFile() ? (await stat(join(file.parentPath, file.name))).size : 0));
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  if (bytes > MOST_BYTES) throw new Error(`it is ${kilobytes(bytes)}, expected at most ${kilobytes(MOST_BYTES)}`);
  return `1 package, ${kilobytes(bytes)}`;
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
  await check("installs nothing else", () => alone(folder));
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
  const entries = Object.keys(manifest.exports)
    .filter((entry) => !/\.(wasm|json)$/.test(entry))
    .map((entry) => `moiety${entry.slice(1)}`);
  const files = await programs(
    folder,
    entries.filter((entry) => !packages[entry]),
  );
  for (const version of ["7.0.2", "5.9.3"])
    await check(`types for TypeScript ${version}, declarations too, without Node's`, () =>
      compile(folder, version, ["embed.ts", ...files]),
    );

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

  for (const recipe of ["tabular", "pytorch"])
    await check(`recipe ${recipe}`, async () => {
      const source = await readFile(join(root, "examples/recipes", `${recipe}.ts`), "utf8");
      await writeFile(join(folder, `${recipe}.js`), (await transform(source, { loader: "ts", format: "esm" })).code);
      const { stdout } = await run(process.execPath, [`${recipe}.js`], { cwd: folder });
      return stdout.split("\n")[0];
    });
  await check("the command line", async () => {
    const moiety = (...words: string[]): ReturnType<typeof run> => run("npx", ["moiety", ...words], { cwd: folder });
    const short = ["--rounds", "1", "--set", "personal.clients=1", "--out", "run"];
    const { stdout } = await moiety("run", "quick", ...short);
    await moiety("report", "run");
    for (const command of ["flower", "join", "pull"]) await moiety(command, "--help");
    const report = await readFile(join(folder, "run/report.html"), "utf8");
    if (!report.includes("<svg")) throw new Error("its report has no figure");
    return /weights {2}\w+/.exec(String(stdout))?.[0];
  });

  for (const version of checkers)
    await check(`moiety/testing beside fast-check ${version}`, async () => {
      const beside = await project(`beside-${version}`, tarball, `fast-check@${version}`);
      const code = `import fc from "fast-check"; import { broadcastable, point, shape } from "moiety/testing";
fc.assert(fc.property(shape().chain((of) => point(of)), broadcastable(), ({ values }) => values.length <= 2401));`;
      await run(process.execPath, ["--input-type=module", "-e", code], { cwd: beside });
      await compile(beside, "7.0.2", await programs(beside, ["moiety/testing"]));
    });
  await run("npm", ["install", "--no-audit", "--no-fund", `fast-check@${checkers.at(-1)}`], { cwd: folder });
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
