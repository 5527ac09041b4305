// npm run test:platforms: the suite in every runtime that can be had, on the packed tarball. One hash or a failure; a runtime
// that cannot be installed here is passed over with a line that says so.
//
//   node --import tsx test/platform/main.ts [part of a runtime's name ...]
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { launchChromium } from "../../scripts/chromium.ts";
import { serveFolder } from "../../scripts/serve.ts";
import { pack, project } from "../../scripts/tarball.ts";
import { runtimes } from "./runtimes.ts";
import type { Verdict } from "./suite.ts";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));

/** A project with the tarball, the suite, and a page that maps names to files, as no bundler has touched them. */
async function prepare(): Promise<string> {
  const folder = await project("platforms", await pack());
  const { code } = await transform(await readFile(join(here, "suite.ts"), "utf8"), { loader: "ts", format: "esm" });
  await writeFile(join(folder, "suite.js"), code);
  await writeFile(
    join(folder, "entry.js"),
    'import { verdict } from "./suite.js";\nconsole.log(JSON.stringify(await verdict()));\nprocess.exit(0);\n',
  );
  const installed = join(folder, "node_modules/moiety");
  const { exports } = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as {
    exports: Record<string, string | { default: string }>;
  };
  const imports: Record<string, string> = { valibot: "/node_modules/valibot/dist/index.mjs" };
  for (const [name, target] of Object.entries(exports))
    if (typeof target === "object") imports[join("moiety", name)] = join("/node_modules/moiety", target.default);
  await writeFile(
    join(folder, "index.html"),
    `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  import { verdict } from "./suite.js";
  window.answer = verdict().catch((error) => ({ failed: error.stack }));
</script>`,
  );
  return folder;
}

async function inBrowser(folder: string): Promise<{ name: string; verdict: Verdict }> {
  const browser = await launchChromium();
  const served = await serveFolder(folder);
  try {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on("pageerror", (error) => said.push(error.message));
    await page.goto(served.url);
    await page.waitForFunction("window.answer", undefined, { timeout: 10_000 }).catch(() => {
      throw new Error(`the page did not start; ${[...said, ...served.missed].join("; ")}`);
    });
    const answer = (await page.evaluate("window.answer")) as Verdict & { failed?: string };
    if (answer.failed) throw new Error(answer.failed);
    return { name: `Chromium ${browser.version()}`, verdict: answer };
  } finally {
    served.close();
    await browser.close();
  }
}

interface Line {
  readonly name: string;
  readonly verdict?: Verdict;
  readonly skipped?: string;
  readonly failed?: string;
}

function reasonOf(error: unknown): string {
  const { message, stderr = "" } = error as Error & { stderr?: string };
  return `${message}${message.includes(stderr) ? "" : `\n${stderr}`}`;
}

async function collect(wanted: (name: string) => boolean, tell: (line: Line) => void): Promise<void> {
  const folder = await prepare();
  for (const { name, command } of runtimes.filter(({ name }) => wanted(name))) {
    let words: readonly string[];
    try {
      words = await command();
    } catch (error) {
      tell({ name, skipped: reasonOf(error).split("\n")[0]! });
      continue;
    }
    try {
      const [file, ...rest] = words as [string, ...string[]];
      const { stdout } = await run(file, [...rest, "entry.js"], { cwd: folder, timeout: 300_000 });
      tell({ name, verdict: JSON.parse(stdout) as Verdict });
    } catch (error) {
      tell({ name, failed: reasonOf(error) });
    }
  }
  if (!wanted("Chromium")) return;
  try {
    tell(await inBrowser(folder));
  } catch (error) {
    const reason = reasonOf(error);
    if (/npm install|executable doesn't exist/i.test(reason))
      tell({ name: "Chromium", skipped: reason.split("\n")[0]! });
    else tell({ name: "Chromium", failed: reason });
  }
}

async function main(parts: readonly string[]): Promise<void> {
  const lines: Line[] = [];
  const wanted = (name: string): boolean =>
    parts.length === 0 || parts.some((part) => name.toLowerCase().includes(part.toLowerCase()));
  await collect(wanted, (line) => {
    const { name, verdict, skipped, failed } = line;
    lines.push(line);
    const seconds = Object.entries(verdict?.seconds ?? {}).map(([part, time]) => `${part} ${time.toFixed(1)}`);
    console.log(
      `${name.padEnd(24)} ${verdict ? `${verdict.weightsSha256}  ${seconds.join(", ")} s` : (failed ?? `skipped: ${skipped}`)}`,
    );
  });
  const found = lines.filter(({ verdict }) => verdict);
  const first = found[0]?.verdict;
  let different = 0;
  for (const { name, verdict } of found) {
    if (verdict!.weightsSha256 === first!.weightsSha256) continue;
    different++;
    for (const [part, hash] of Object.entries(verdict!.parts))
      if (hash !== first!.parts[part])
        console.log(`${name}: ${part} differs from ${found[0]!.name}, got ${hash}, expected ${first!.parts[part]}`);
  }
  const failed = lines.filter((line) => line.failed).length + different;
  const skipped = lines.filter((line) => line.skipped).length;
  console.log(`${found.length - different} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exitCode = failed > 0 || found.length === 0 ? 1 : 0;
}

await main(process.argv.slice(2));
