// npm run test:platforms: the suite in every runtime that can be had, on the packed tarball, and pages as bundlers make them.
// One hash or a failure; what cannot be installed here is passed over with a line that says so.
//
//   node --import tsx test/platform/main.ts [part of a runtime's name ...]
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { launchChromium } from "../../scripts/chromium.ts";
import { serveFolder } from "../../scripts/serve.ts";
import { bundlers } from "./bundlers.ts";
import { exampleIn, exampleInBrowser, hasExample } from "./examples.ts";
import { prepare } from "./prepare.ts";
import { runtimes } from "./runtimes.ts";
import type { Verdict } from "./suite.ts";

const run = promisify(execFile);
const counts = { passed: 0, failed: 0, skipped: 0 };

function say(outcome: keyof typeof counts, name: string, note = ""): void {
  counts[outcome]++;
  const word = { passed: "ok   ", failed: "FAIL ", skipped: "skip " }[outcome];
  console.log(`${word} ${name.padEnd(24)} ${note}`.trimEnd());
}

function reasonOf(error: unknown): string {
  const { message, stderr = "" } = error as Error & { stderr?: string };
  return `${message}${message.includes(stderr) ? "" : `\n${stderr}`}`;
}

// parts that the hash over the others does not stand for
const younger = ["vocabulary", "methods"];

let first: { readonly name: string; readonly verdict: Verdict } | undefined;

/** Takes a runtime's verdict; the first one that comes is what all others are compared with. */
function judge(name: string, verdict: Verdict): void {
  first ??= { name, verdict };
  const { weightsSha256, parts, seconds } = verdict;
  const times = Object.entries(seconds).map(([part, time]) => `${part} ${time.toFixed(1)}`);
  const same =
    weightsSha256 === first.verdict.weightsSha256 &&
    younger.every((part) => parts[part] === first!.verdict.parts[part]);
  say(same ? "passed" : "failed", name, `${weightsSha256}  methods ${parts["methods"]}  ${times.join(", ")} s`);
  for (const [part, hash] of Object.entries(parts))
    if (hash !== first.verdict.parts[part])
      console.log(
        `      ${part} begins to differ from ${first.name}: got ${hash}, expected ${first.verdict.parts[part]}`,
      );
  const differ = Object.keys(verdict.methods).filter((one) => verdict.methods[one] !== first!.verdict.methods[one]);
  if (differ.length > 0) console.log(`      methods that differ from ${first.name}: ${differ.join(", ")}`);
}

async function inRuntimes(folder: string, wanted: (name: string) => boolean): Promise<void> {
  for (const { name, command } of runtimes.filter(({ name }) => wanted(name))) {
    let words: readonly string[];
    try {
      words = await command();
    } catch (error) {
      say("skipped", name, reasonOf(error).split("\n")[0]);
      continue;
    }
    try {
      const [file, ...rest] = words as [string, ...string[]];
      const { stdout } = await run(file, [...rest, "entry.js"], { cwd: folder, timeout: 300_000 });
      judge(name, JSON.parse(stdout) as Verdict);
      if (!hasExample(name)) continue;
      const problem = await exampleIn(name, words, folder);
      say(problem ? "failed" : "passed", `${name}, its example`, problem ?? "");
    } catch (error) {
      say("failed", name, reasonOf(error));
    }
  }
}

async function suiteInPage(browser: Browser, folder: string): Promise<Verdict> {
  const served = await serveFolder(folder);
  const page = await browser.newPage();
  try {
    const said: string[] = [];
    page.on("pageerror", (error) => said.push(error.message));
    await page.goto(served.url);
    // a file for each module: on a busy machine that takes a while
    await page.waitForFunction("window.answer", undefined, { timeout: 60_000 }).catch(() => {
      throw new Error(`the page did not start; ${[...said, ...served.missed].join("; ")}`);
    });
    const answer = (await page.evaluate("window.answer")) as Verdict & { failed?: string };
    if (answer.failed) throw new Error(answer.failed);
    return answer;
  } finally {
    await page.close();
    served.close();
  }
}

async function inChromium(folder: string, wanted: (name: string) => boolean): Promise<void> {
  const names = ["Chromium", "Vite", "esbuild"].filter(wanted);
  if (names.length === 0) return;
  let browser: Browser;
  try {
    browser = await launchChromium();
  } catch (error) {
    for (const name of names) say("skipped", name, reasonOf(error).split("\n")[0]);
    return;
  }
  try {
    const name = `Chromium ${browser.version()}`;
    if (wanted("Chromium")) {
      const attempt = async (what: string, act: () => Promise<void>): Promise<void> =>
        act().catch((error: unknown) => say("failed", what, reasonOf(error)));
      await attempt(name, async () => judge(name, await suiteInPage(browser, folder)));
      await attempt(`${name}, its example`, async () => {
        await exampleInBrowser(browser);
        say("passed", `${name}, its example`);
      });
    }
    await bundlers(browser, folder, wanted, (bundler, problem) => say(problem ? "failed" : "passed", bundler, problem));
  } finally {
    await browser.close();
  }
}

async function main(parts: readonly string[]): Promise<void> {
  const wanted = (name: string): boolean =>
    parts.length === 0 || parts.some((part) => name.toLowerCase().includes(part.toLowerCase()));
  const folder = await prepare();
  await inRuntimes(folder, wanted);
  await inChromium(folder, wanted);
  const { passed, failed, skipped } = counts;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

await main(process.argv.slice(2));
