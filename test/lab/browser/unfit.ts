// Where the lab cannot work it says so, in one sentence and before anybody presses Start.
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { labFolder } from "../../../scripts/lab.ts";
import { assert } from "../../support/suite.ts";
import type { Desk, Suite } from "./desk.ts";

interface Case {
  readonly where: string;
  readonly says: RegExp;
  readonly scripts?: boolean;
  readonly address?: string;
  /** What the browser is made to be, before the page. */
  readonly make?: (page: Page) => Promise<unknown>;
}

const cases: readonly Case[] = [
  {
    where: "opened as a file",
    says: /opened as a\s+file.* serve its folder/i,
    address: pathToFileURL(join(labFolder, "index.html")).href,
  },
  {
    where: "without vectors",
    says: /\(WebAssembly SIMD\), which this browser does not have/,
    make: (page) => page.addInitScript("WebAssembly.validate = () => false"),
  },
  {
    where: "without WebAssembly",
    says: /WebAssembly, which is missing or switched off/,
    make: (page) => page.addInitScript("delete globalThis.WebAssembly"),
  },
  {
    where: "without workers",
    says: /modules and workers, which this browser does not have/,
    make: (page) => page.addInitScript("delete globalThis.Worker"),
  },
  {
    where: "with its scripts held back",
    says: /The lab has not begun/,
    make: (page) => page.route("**/main.js", (route) => route.abort()),
  },
  { where: "without scripts", says: /needs JavaScript and WebAssembly/, scripts: false },
];

export function unfit(lab: Suite, desk: () => Desk): void {
  lab("says in one sentence why it cannot work: as a file, in old browsers, without scripts", async () => {
    const { browser, url } = desk();
    for (const { where, says, scripts = true, address = url, make } of cases) {
      const context = await browser.newContext({ javaScriptEnabled: scripts });
      const page = await context.newPage();
      await make?.(page);
      await page.goto(address);
      const said = page.locator(".problem").filter({ hasText: says });
      await said.first().waitFor({ state: "visible", timeout: 15_000 });
      assert.match(((await said.first().textContent()) ?? "").trim(), says, where);
      assert.is(await page.locator("#run:enabled").count(), 0, where);
      await context.close();
    }
  });
}
