// Builds the lab into build/lab, a folder that any host can serve: relative addresses, no server features. With `serve` it
// also serves it, here and now.
//
//   node --import tsx scripts/lab.ts [serve [port]]
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { VERSION } from "../lab/conductor/version.ts";
import { themeCss } from "../src/report/theme.ts";
import { serveFolder } from "./serve.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Where the lab is built. */
export const labFolder: string = join(root, "build/lab");

/** Bundles page and workers, and lays the bundled data beside them. */
export async function buildLab(): Promise<void> {
  await rm(labFolder, { recursive: true, force: true });
  await mkdir(labFolder, { recursive: true });
  await build({
    entryPoints: ["early", "main", "conductor", "trainer"].map((name) => join(root, "lab", `${name}.ts`)),
    outdir: labFolder,
    bundle: true,
    // page and workers share what they have in common; what is needed late is fetched late
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    // linkedom for workers: the conductor writes report.html without the page
    alias: { linkedom: "linkedom/worker" },
    // loaded by the library in Node alone
    external: ["node:*", "@grpc/grpc-js"],
    logLevel: "warning",
  });
  await stampBuild();
  await cp(join(root, "lab/index.html"), join(labFolder, "index.html"));
  const sheets = ["lab", "runs", "tour", "own"].map((name) => readFile(join(root, `lab/${name}.css`), "utf8"));
  await writeFile(join(labFolder, "lab.css"), [themeCss, ...(await Promise.all(sheets))].join("\n"));
  await cp(join(root, "data/fashion-mnist"), join(labFolder, "data/fashion-mnist"), { recursive: true });
}

/** Writes into the scripts which build they are of, by which two tabs know that they are of one. */
async function stampBuild(): Promise<void> {
  const names = (await readdir(labFolder)).filter((name) => name.endsWith(".js")).toSorted();
  const scripts = await Promise.all(names.map((name) => readFile(join(labFolder, name), "utf8")));
  const hash = createHash("sha256").update(scripts.join("\n")).digest("hex").slice(0, 16);
  for (const [i, name] of names.entries())
    if (scripts[i]!.includes(VERSION)) await writeFile(join(labFolder, name), scripts[i]!.replaceAll(VERSION, hash));
}

async function main([command, port = "8080"]: readonly string[]): Promise<void> {
  await buildLab();
  if (command !== "serve") return console.log(`lab: ${labFolder}`);
  try {
    const { url } = await serveFolder(labFolder, {}, Number(port));
    console.log(`lab: ${url} (Ctrl-C to stop)`);
  } catch (error) {
    console.error(`lab: cannot serve on port ${port}, ${(error as Error).message}; npm run lab -- ANOTHER_PORT`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
