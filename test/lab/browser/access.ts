// The page for everybody: axe finds nothing in any of its states, light and dark, large and small; its motion and its colours give way.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { assert } from "../../support/suite.ts";
import { LabPage, small } from "../support/page.ts";
import type { Desk, Suite } from "./desk.ts";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

interface Finding {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

// runs in the page
async function findings(): Promise<Finding[]> {
  const { axe } = globalThis as unknown as {
    axe: { run(options: object): Promise<{ violations: Finding[] }> };
  };
  const { violations } = await axe.run({ resultTypes: ["violations"], rules: { "target-size": { enabled: true } } });
  return violations.map(({ id, help, nodes }) => ({
    id,
    help,
    nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })),
  }));
}

/** What axe finds in a state of the page, in both themes and on both sizes, a line each. */
async function violations(page: Page, state: string): Promise<string[]> {
  const found: string[] = [];
  for (const viewport of sizes)
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      // views are laid out anew, a few frames later
      await page.waitForTimeout(250);
      for (const { id, help, nodes } of await page.evaluate(findings))
        found.push(
          `${state}, ${viewport.width} px, ${colorScheme}: ${id}, ${help}: ` +
            nodes.slice(0, 3).map(({ target, failureSummary }) => `${target.join(" ")} (${failureSummary.replaceAll(/\s+/g, " ")})`).join("; "), // prettier-ignore
        );
    }
  await page.setViewportSize(sizes[0]);
  return found;
}

/** Looks at a page's states, and notes what it finds. */
async function looker(page: Page, found: string[]): Promise<(state: string) => Promise<void>> {
  await page.evaluate(await readFile(axe, "utf8"));
  return async (state) => void found.push(...(await violations(page, state)));
}

export function accessBefore(lab: Suite, desk: () => Desk): void {
  lab("has nothing that axe would object to before a run, light and dark, on a desk and on a phone", async () => {
    const { browser, url } = desk();
    const lab = await LabPage.open(browser, `${url}${small}&methods.ifca=as it is&optOut=0.3`);
    const { page } = lab;
    const found: string[] = [];
    const look = await looker(page, found);
    await lab.stage("ready");
    await page.$$eval("#setup details", (all) => all.forEach((one) => one.setAttribute("open", "")));
    await look("ready, with all of the form open");
    await page.click("#code");
    await look("as code");
    await page.keyboard.press("Escape");
    await page.evaluate(() => void (location.hash = "clients=many"));
    await lab.stage("refused");
    await look("refused");
    await page.$$eval("#setup", (all) => all.forEach((one) => one.setAttribute("open", "")));
    await page.fill("[name=clients]", "5000");
    await page.press("[name=clients]", "Tab");
    await page.waitForFunction(() => document.querySelector(".refused .wrong")?.textContent?.startsWith("Got 5000"));
    assert.is(await page.getAttribute("[name=clients]", "aria-invalid"), "true");
    assert.is(await page.textContent(".refused .wrong"), "Got 5000, expected a whole number from 1 to 1,000.");
    await look("refused at a field");
    assert.equal(found, []);
    await lab.close();
  });
}
