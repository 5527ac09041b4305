// A page of the lab in Chromium, with the hands of a user.
import { mkdtempSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { assert } from "../../support/suite.ts";
import { unzipStored } from "./unzip.ts";

/** A set-up that is done in seconds. */
export const small: string =
  "#clients=6&federation.rounds=24&federation.cohort=4&federation.validateEvery=4&personal.clients=4" +
  "&personal.epochs=16&rows.validation=60&rows.test=100";

export class LabPage {
  readonly page: Page;
  /** Errors the page has thrown or written to its console. */
  readonly errors: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  /** Opens the lab at an address, cold: in a context of its own. */
  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<LabPage> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    await page.addInitScript(watchLongTasks);
    const lab = new LabPage(page);
    await page.goto(url);
    return lab;
  }

  async stage(stage: string, seconds = 60): Promise<void> {
    await this.page.waitForSelector(`body[data-stage=${stage}]`, { timeout: 1000 * seconds });
  }

  /** Waits for the line that says where the run is. */
  async says(pattern: RegExp, seconds = 60): Promise<void> {
    await this.page.waitForFunction(
      ([source]) => new RegExp(source!).test(document.querySelector("#status")?.textContent ?? ""),
      [pattern.source],
      { timeout: 1000 * seconds, polling: 20 },
    );
  }

  /** Sets a number of the form, wherever it is folded away. */
  async set(field: string, value: number): Promise<void> {
    await this.page.$$eval("#setup details", (groups) => groups.forEach((group) => group.setAttribute("open", "")));
    await this.page.fill(`[name="${field}"]`, String(value));
    await this.page.press(`[name="${field}"]`, "Tab");
    await this.page.waitForFunction(([part]) => location.hash.includes(part!), [`${field}=${value}`]);
  }

  async start(): Promise<void> {
    await this.stage("ready");
    await this.page.click("#run");
  }

  /** The hash over all weights, once the run is done. */
  async hash(seconds = 120): Promise<string> {
    await this.stage("finished", seconds);
    const hash = await this.page.getAttribute("[data-hash]", "data-hash");
    assert.match(hash ?? "", /^[0-9a-f]{64}$/);
    return hash!;
  }

  /** Milliseconds from the page's beginning to the first point that moved. */
  async firstMove(): Promise<number> {
    await this.page.waitForFunction(firstMark, undefined, { polling: 20 });
    return (await this.page.evaluate(firstMark))!;
  }

  /** Milliseconds of every task that kept the page's thread for over 50. */
  longTasks(): Promise<number[]> {
    return this.page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
  }

  /** Exports the run, as a folder on disk. */
  async exported(): Promise<string> {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.page.click("#save")]);
    const folder = mkdtempSync(join(tmpdir(), "moiety-lab-"));
    for (const [name, bytes] of unzipStored(await readFile(await download.path()))) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    // everything is in one folder
    const inside = await readdir(folder);
    assert.is(inside.length, 1, inside.join(", "));
    return join(folder, inside[0]!);
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

// runs in the page, before anything of it
function watchLongTasks(): void {
  const longTasks: number[] = [];
  Object.assign(globalThis, { longTasks });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longTasks.push(duration);
  }).observe({ type: "longtask", buffered: true });
}

function firstMark(): number | undefined {
  return performance.getEntriesByName("moiety:first-move")[0]?.startTime;
}
