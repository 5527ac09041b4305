// The page for everybody: axe finds nothing in any of its states, light and dark, large and small; its motion and its colours give way.
import type { Page } from "playwright-core";
import { assert } from "../../support/suite.ts";
import { LabPage, small } from "../support/page.ts";
import { violations } from "./axe.ts";
import type { Desk, Suite } from "./desk.ts";

/** Looks at a page's states, and notes what it finds. */
export async function looker(page: Page, found: string[]): Promise<(state: string) => Promise<void>> {
  return async (state) => void found.push(...(await violations(page, state)));
}

export function access(lab: Suite, at: () => Desk): void {
  lab("has nothing that axe would object to before a run, light and dark, on a desk and on a phone", async () => {
    const { browser, url } = at();
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

  lab(
    "has nothing that axe would object to while clients train, paused, at a run's end, close up and with runs kept",
    async () => {
      const { browser, url } = at();
      const options = { reducedMotion: "reduce" } as const;
      const compared = `${small}&methods.ifca=as it is&methods.pens=as it is&optOut=0.3`;
      const found: string[] = [];
      // rounds that last as long as axe looks
      const slow = await LabPage.open(browser, `${url}${compared}&federation.localEpochs=40`, options);
      const lookAtSlow = await looker(slow.page, found);
      await slow.start();
      await slow.says(/together: round [1-9] /);
      await lookAtSlow("running");
      assert.is(await slow.page.getAttribute("body", "data-stage"), "running");
      await slow.page.click("#run");
      await slow.stage("paused");
      await lookAtSlow("paused");
      await slow.close();

      const lab = await LabPage.open(browser, url + compared, options);
      const { page } = lab;
      const look = await looker(page, found);
      await lab.start();
      await lab.says(/together: round [1-9] /);
      await page.focus(".point[tabindex='0']");
      await lab.hash();
      // a figure that is drawn anew leaves the focus where it was
      assert.match((await page.evaluate(() => document.activeElement?.getAttribute("class"))) ?? "", /^point\b/);
      await look("finished");
      await page.locator(".roster tbody tr:not(.aside) .name").first().click();
      await page.waitForFunction(() => document.querySelectorAll("#client .verdicts dt").length === 3);
      await look("close-up");
      await page.keyboard.press("Escape");
      await page.click("#renew");
      await lab.stage("ready");
      await page.waitForSelector("#kept:not([hidden])");
      await look("with a run that is kept");
      assert.equal(found, []);
      await lab.close();
    },
  );

  lab("keeps the focus where it was, holds still for those who want it, and leaves their colours alone", async () => {
    const { browser, url } = at();
    const lab = await LabPage.open(browser, url + small, { reducedMotion: "reduce", forcedColors: "active" });
    const { page } = lab;
    await lab.stage("ready");
    await page.focus("#run");
    await page.keyboard.press("Enter");
    await lab.hash();
    // the view of the buttons is drawn within a frame or two
    await page.waitForTimeout(300);
    assert.match(await page.evaluate(() => document.activeElement?.outerHTML.slice(0, 200) ?? ""), /id="renew"/);
    const moving = await page.evaluate(() =>
      [...document.querySelectorAll("*")].some((one) => parseFloat(getComputedStyle(one).transitionDuration) > 0),
    );
    assert.is(moving, false);
    // every control has a name, and what a label names is what it presses
    const nameless = await page.$$eval("#form input, #form select", (all) =>
      all
        .filter((one) => !(one as HTMLInputElement).labels?.[0]?.textContent?.trim())
        .map((one) => one.getAttribute("name")),
    );
    assert.equal(nameless, []);
    await page.click("#renew");
    await lab.stage("ready");
    await page.getByText("Seed", { exact: true }).click();
    assert.is(await page.evaluate(() => (document.activeElement as HTMLInputElement).name), "seed");
    assert.match(page.url(), /seed=1(&|$)/);
    await lab.close();
  });
}
