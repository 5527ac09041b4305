// The examples that need a runtime of their own, on the package: Deno and Bun in the project that installed it, the browser's
// page as the repository serves it.
import { execFile } from "node:child_process";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { serveFolder } from "../../scripts/serve.ts";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a script's output must hold, by the runtime it is for. */
const scripts: Readonly<Record<string, { readonly file: string; readonly says: RegExp }>> = {
  Deno: { file: "deno/table.ts", says: /client 3: generalist [\d.]+, mixture [\d.]+/ },
  Bun: { file: "bun/experiment.ts", says: /Mixture .*\n[^]*weights [0-9a-f]{64}\nfiles: config.json/ },
};

/** Runs a runtime's example, if it has one; a note of what went wrong, or nothing. */
export async function exampleIn(runtime: string, command: readonly string[], folder: string): Promise<string | void> {
  const [name] = runtime.split(" ") as [string];
  const script = scripts[name];
  if (!script) return;
  await cp(join(root, "examples"), join(folder, "examples"), { recursive: true });
  const [file, ...flags] = command as [string, ...string[]];
  // the second one's weights are the same bits everywhere; in Node npm test holds it to them
  for (const { file: example, says } of [
    script,
    { file: "recipes/anywhere.ts", says: /^weights e1eb271a271e7295$/m },
  ]) {
    const { stdout } = await run(file, [...flags, `examples/${example}`], { cwd: folder, timeout: 120_000 });
    if (!says.test(stdout)) return `${example} says\n${stdout}`;
  }
}

/** Whether a runtime has an example of its own. */
export function hasExample(runtime: string): boolean {
  return Object.hasOwn(scripts, runtime.split(" ")[0]!);
}

/** Opens the page: it trains, answers a slider, and after a reload has its mixture at once. */
export async function exampleInBrowser(browser: Browser): Promise<void> {
  const served = await serveFolder(root);
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const address = `${served.url}examples/browser/`;
    await page.goto(address);
    const state = page.locator("#state");
    await state.filter({ hasText: /mixture [\d.]+ %/ }).waitFor({ timeout: 30_000 });
    const answer = page.locator("#answer");
    await answer.filter({ hasText: "trusted" }).waitFor();
    const before = await answer.textContent();
    await page.locator("#temperature").fill("-1");
    await answer.filter({ hasText: "idle" }).waitFor();
    await page.goto(address);
    await state.filter({ hasText: "restored from IndexedDB" }).waitFor();
    await answer.filter({ hasText: "trusted" }).waitFor();
    const after = await answer.textContent();
    if (after !== before) throw new Error(`after a reload it says "${after}", expected "${before}"`);
    const { missed } = served;
    if (missed.length > 0) throw new Error(`it asked for ${missed.join(", ")}`);
  } finally {
    await context.close();
    served.close();
  }
}
