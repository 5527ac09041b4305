// What importing an entry of the package loads. Runs on the sources; npm run check:package does the same with the tarball.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle, gzipped, trainingPage } from "../scripts/weigh.ts";
import { modulesLoadedBy, packagesOf } from "../scripts/loads.ts";
import { readSources } from "../scripts/layers.ts";
import { extraText } from "../src/runtime/extra.wasm.ts";
import { assert, suite } from "./support/suite.ts";

const test = suite("entries");
const root = fileURLToPath(new URL("..", import.meta.url));

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}

const read = (name: string): Manifest => JSON.parse(readFileSync(`${root}${name}`, "utf8")) as Manifest;

/** Entry to source, as package.json has it. */
const entries = Object.entries(read("package.json").exports).flatMap(([entry, target]) =>
  typeof target === "string"
    ? []
    : [[entry, target.default.replace("./dist/", "./src/").replace(".js", ".ts")] as const],
);

test("library entries load nothing but moiety", async () => {
  const pure = ["", "/nn", "/federated", "/moe", "/data", "/io"].map((entry) => `import "moiety${entry}";`);
  const loaded = await modulesLoadedBy(pure.join("\n"), root, "--import", "tsx");
  assert.ok(loaded.length > 50, `${loaded.length} modules`);
  assert.equal(packagesOf(loaded), []);
  assert.equal(
    loaded.filter((address) => !address.includes("/src/")),
    [],
  );
});

test("package.json, jsr.json and the paths of tsconfig.json agree on the entries", () => {
  const { exports, version } = read("jsr.json");
  assert.equal(exports, Object.fromEntries(entries));
  assert.is(version, read("package.json").version);
  const { paths } = (
    JSON.parse(readFileSync(`${root}tsconfig.json`, "utf8")) as {
      compilerOptions: { paths: Record<string, string[]> };
    }
  ).compilerOptions;
  for (const [entry, source] of entries) {
    const name = `moiety${entry.slice(1)}`;
    const [path] = paths[name] ?? paths["moiety/*"]!;
    assert.is(path!.replace("*", entry.slice(2)), source);
  }
});

test("a page that trains weighs at most 36 kB through gzip, and kernels it does not use weigh nothing", async () => {
  const page = await bundle(trainingPage, root);
  assert.ok(gzipped(page) <= 36, `${gzipped(page)} kB`);
  // a few thousand bytes of the second module, which only gelu brings
  const second = extraText.slice(1000, 4000);
  const contains = (bytes: Uint8Array): boolean => new TextDecoder().decode(bytes).includes(second);
  assert.not(contains(page));
  assert.ok(contains(await bundle('export { gelu } from "./src/index.ts";', root)));
});

test("no result comes from functions of Math that differ between engines", () => {
  const differing =
    /Math\.(?:exp|expm1|log|log1p|log2|log10|pow|sin|cos|tan|sinh|cosh|tanh|asin|acos|atan|atan2|hypot|cbrt)\(/;
  // twins are compared with a tolerance, figures are looked at, noise is random, epsilons only bound, block sizes are no result
  const free = ["src/runtime/reference/", "src/report/", "src/federated/privacy/", "src/runtime/heap.ts"];
  const found = readSources(root)
    .filter(({ path }) => path.startsWith("src/") && !free.some((place) => path.startsWith(place)))
    .flatMap(({ path, text }) => text.split("\n").map((line, i) => ({ at: `${path}:${i + 1}`, line })))
    .filter(({ line }) => differing.test(line.replace(/\/\/.*|^\s*\*.*/, "")));
  assert.equal(found, []);
});

test.run();
