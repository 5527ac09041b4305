// A project as a user would have it: the packed tarball installed, the suite as plain JavaScript, and a page that maps the
// package's names to its files, untouched by any bundler.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { pack, project } from "../../scripts/tarball.ts";

const suite = fileURLToPath(new URL("./suite.ts", import.meta.url));

const entry = `import { verdict } from "./suite.js";
console.log(JSON.stringify(await verdict()));
process.exit(0);
`;

const page = (imports: object): string => `<!doctype html>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  import { verdict } from "./suite.js";
  window.answer = verdict().catch((error) => ({ failed: error.stack }));
</script>
`;

/** Names of entries to addresses of their files. */
export async function importsOf(folder: string): Promise<Record<string, string>> {
  const { exports } = JSON.parse(await readFile(join(folder, "node_modules/moiety/package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  const imports: Record<string, string> = {};
  for (const [name, target] of Object.entries(exports))
    if (typeof target === "object") imports[join("moiety", name)] = join("/node_modules/moiety", target.default);
  return imports;
}

/** Makes the project anew; its folder. */
export async function prepare(): Promise<string> {
  const folder = await project("platforms", await pack());
  const { code } = await transform(await readFile(suite, "utf8"), { loader: "ts", format: "esm" });
  await writeFile(join(folder, "suite.js"), code);
  await writeFile(join(folder, "entry.js"), entry);
  await writeFile(join(folder, "index.html"), page(await importsOf(folder)));
  return folder;
}
