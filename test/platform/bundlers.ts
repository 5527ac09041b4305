// The page built by Vite and by esbuild, each with its defaults, and opened in Chromium: as it is, and under a content security
// policy that allows nothing but its own files and compiling WebAssembly.
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { build, transform } from "esbuild";
import { installed } from "../../scripts/installed.ts";
import { serveFolder } from "../../scripts/serve.ts";
import type { Answer } from "./page/main.ts";
import { client } from "./page/client.ts";
import { step } from "./page/step.ts";

const run = promisify(execFile);
const page = fileURLToPath(new URL("./page/", import.meta.url));

const strict = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; img-src data:";
const noWasm = "default-src 'none'; script-src 'self'; worker-src 'self'; img-src data:";

/** The page as plain JavaScript: what bundlers do with TypeScript is theirs. */
async function writePage(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp(join(page, "index.html"), join(folder, "index.html"));
  for (const file of (await readdir(page)).filter((name) => name.endsWith(".ts"))) {
    const { code } = await transform(await readFile(join(page, file), "utf8"), { loader: "ts", format: "esm" });
    await writeFile(join(folder, file.replace(".ts", ".js")), code.replaceAll(/"(\.\/\w+)\.ts"/g, '"$1.js"'));
  }
}

async function withVite(folder: string): Promise<string> {
  const vite = join(await installed("vite", "8.3.8"), "node_modules/vite/bin/vite.js");
  const out = join(folder, "vite-out");
  const { stdout, stderr } = await run(process.execPath, [vite, "build", "--outDir", out], {
    cwd: join(folder, "page"),
  });
  if (/warn/i.test(stdout + stderr)) throw new Error(`vite warns:\n${stdout}${stderr}`);
  return out;
}

async function withEsbuild(folder: string): Promise<string> {
  const out = join(folder, "esbuild-out");
  await mkdir(out, { recursive: true });
  const { warnings } = await build({
    // esbuild leaves the worker's address as it stands in the source
    entryPoints: [join(folder, "page/main.js"), join(folder, "page/worker.js")],
    outdir: out,
    bundle: true,
    format: "esm",
    logLevel: "silent",
  });
  if (warnings.length > 0) throw new Error(`esbuild warns: ${warnings.map(({ text }) => text).join("; ")}`);
  await cp(join(folder, "page/index.html"), join(out, "index.html"));
  return out;
}

async function open(browser: Browser, folder: string, policy?: string): Promise<Answer> {
  const served = await serveFolder(folder, policy ? { "content-security-policy": policy } : {});
  const tab = await browser.newPage();
  try {
    await tab.goto(served.url);
    await tab.waitForFunction("globalThis.answer", undefined, { timeout: 60_000 });
    return (await tab.evaluate("globalThis.answer")) as Answer;
  } finally {
    await tab.close();
    served.close();
  }
}

/** Builds and opens the page every way; `tell` hears each with what went wrong, if anything. */
export async function bundlers(
  browser: Browser,
  project: string,
  wanted: (name: string) => boolean,
  tell: (name: string, failed?: string) => void,
): Promise<void> {
  const folder = join(project, "bundles");
  await rm(folder, { recursive: true, force: true });
  await writePage(join(folder, "page"));
  const expected = JSON.stringify({ step: step(), client: await client() });
  const builds = { "Vite 8.3.8": withVite, esbuild: withEsbuild };
  for (const [name, make] of Object.entries(builds).filter(([name]) => wanted(name)))
    try {
      const out = await make(folder);
      for (const [where, policy] of [
        ["", undefined],
        [", strict CSP", strict],
      ] as const) {
        const answer = JSON.stringify(await open(browser, out, policy));
        tell(`${name}${where}`, answer === expected ? undefined : `got ${answer}, expected ${expected}`);
      }
      const refused = JSON.stringify(await open(browser, out, noWasm));
      const clear = /'wasm-unsafe-eval' in its script-src/.test(refused);
      tell(`${name}, CSP without WebAssembly says what it needs`, clear ? undefined : `got ${refused}`);
    } catch (error) {
      const { message, stderr = "" } = error as Error & { stderr?: string };
      tell(name, `${message}\n${stderr}`);
    }
}
