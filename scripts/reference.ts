// The API reference and the pages of docs/ as one static site, by TypeDoc. It needs TypeScript 6, so both are installed beside the
// tree, as other tools of a check are.
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { installed } from "./installed.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What a page's link to the lab is until it is known how deep the page lies. */
export const LAB_LINK = "#lab";

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
}

/** The sources of all entries that programs import. */
async function entrySources(): Promise<string[]> {
  const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
  return Object.values(exports).flatMap((target) =>
    typeof target === "string" ? [] : [join(root, target.default.replace("/dist/", "/src/").replace(/\.js$/, ".ts"))],
  );
}

/**
 * Runs TypeDoc over all entries; rejects with what it says where an export or a member of one has no words, or a link leads nowhere.
 * @param out where the site goes; without it, it only looks
 */
export async function reference(out?: string): Promise<void> {
  const tool = join(await installed("typedoc", "0.28.20", "typescript@6.0.3"), "node_modules/typedoc/bin/typedoc");
  const options = {
    $schema: "https://typedoc.org/schema.json",
    name: "moiety",
    entryPoints: await entrySources(),
    tsconfig: join(root, "tsconfig.json"),
    readme: join(root, "README.md"),
    projectDocuments: [join(root, "docs/*.md"), join(root, "docs/reproduction/*.md")],
    navigationLinks: { Lab: LAB_LINK },
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    // sources are in the package; there is no address of the repository to link into
    disableSources: true,
    ignoredHighlightLanguages: ["bibtex"],
    sort: ["source-order"],
    validation: { notExported: false, invalidLink: true, invalidPath: false, rewrittenLink: true, notDocumented: true },
    skipErrorChecking: true,
    ...(out === undefined ? { emit: "none" } : { out }),
  };
  const file = join(root, "build/typedoc.json");
  await mkdir(join(root, "build"), { recursive: true });
  await writeFile(file, JSON.stringify(options));
  // into a file: what it says at its end may be longer than a pipe takes
  const log = join(root, "build/typedoc.log");
  const to = openSync(log, "w");
  const { status } = spawnSync(process.execPath, [tool, "--options", file], { cwd: root, stdio: ["ignore", to, to] });
  closeSync(to);
  const said = stripVTControlCharacters(await readFile(log, "utf8"));
  // members of a type that is written in place are told of with what they are in
  const wrong = said
    .split("\n")
    .filter((line) => /\[(?:warning|error)\] (?!Found)/.test(line) && !line.includes("__type"));
  if (status !== 0 || wrong.length > 0) throw new Error(wrong.join("\n") || said);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await reference().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
