// What the lab tells: stories at five stops, one run after another as the set-up is turned, and a run a round at a time.
import { assert } from "../../support/suite.ts";
import { LabPage, small } from "../support/page.ts";
import type { Desk, Suite } from "./desk.ts";

export function telling(lab: Suite, desk: () => Desk): void {
  lab("leads through a story at five stops, by keyboard alone, and back to where it was begun", async () => {
    const { browser, url } = desk();
    const lab = await LabPage.open(browser, url);
    const { page } = lab;
    await lab.stage("ready");
    // a sample is there before anything was run
    await page.waitForSelector(".back.sample svg");
    await page.locator("#stories button").nth(1).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => location.hash.includes("optOut=0.5"));
    await lab.says(/20 clients are ready/);
    assert.is(await page.evaluate(() => document.activeElement?.id), "tour-title");
    const titles: (string | null)[] = [];
    for (let stop = 1; stop <= 5; stop++) {
      titles.push(await page.textContent("#tour-title"));
      if (stop > 1)
        assert.is(await page.evaluate(() => document.activeElement?.textContent), stop < 5 ? "Next" : "Done");
      else await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
    }
    assert.equal(
      titles.map((title) => title?.replace(/^Half opt out, /, "")),
      ["1 of 5: The set-up", "2 of 5: The plane", "3 of 5: The clients", "4 of 5: The gate", "5 of 5: A client, asked"],
    );
    assert.is(await page.isVisible("#tour"), false);
    assert.is(await page.isVisible("#client"), true);
    assert.is(await page.evaluate(() => document.activeElement?.textContent), "Half opt out");
    assert.equal(lab.errors, []);
    await lab.close();
  });

  lab(
    "steps by a round, begins the next run as p is turned, and has the last one as a ghost and in a list",
    async () => {
      const { browser, url } = desk();
      const lab = await LabPage.open(browser, `${url}${small}&federation.rounds=12&personal.epochs=6`);
      const { page } = lab;
      await lab.stage("ready");
      await page.focus("#step");
      for (const round of [1, 2]) {
        await page.keyboard.press("Enter");
        await lab.says(new RegExp(`^Paused: learning together: round ${round} of`));
      }
      assert.is(await page.evaluate(() => document.activeElement?.id), "step");
      await page.click("#run");
      const hash = await lab.hash();
      await page.waitForFunction(() => document.querySelectorAll(".ghosts g").length === 0);
      // from 60 to 65 percent, and back: the same numbers
      await page.focus('[name="partition.p"]');
      await page.keyboard.press("ArrowRight");
      await page.waitForSelector("body[data-stage=running]");
      assert.match(page.url(), /partition\.p=0\.65/);
      const other = await lab.hash();
      assert.is.not(other, hash);
      await page.waitForFunction(() => document.querySelectorAll(".ghosts g").length === 4);
      assert.match((await page.textContent("#earlier tbody tr:last-child")) ?? "", /1.*p = 0\.6,/);
      // while it runs, too: what ran is kept, and the next one begins
      await page.focus('[name="partition.p"]');
      await page.keyboard.press("ArrowRight");
      await lab.says(/together: round [1-9]/);
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft");
      await page.waitForFunction(() => location.hash.includes("partition.p=0.6&"));
      await page.waitForSelector("body[data-stage=running]");
      assert.is(await lab.hash(), hash);
      assert.is(await page.evaluate(() => (document.activeElement as HTMLInputElement).name), "partition.p");
      await page.waitForFunction(() => document.querySelectorAll("#kept li").length === 4);
      // a ghost goes when it is not wanted
      await page.locator("#earlier input:checked").first().uncheck();
      await page.waitForFunction(() => document.querySelectorAll(".ghosts g").length === 4);
      assert.equal(lab.errors, []);
      await lab.close();
    },
  );

  lab("shows clusters, components and peers of methods that have them, while they train", async () => {
    const { browser, url } = desk();
    const lab = await LabPage.open(
      browser,
      `${url}${small}&federation.rounds=8&methods.aem=as it is&methods.fedem=as it is&methods.pens=as it is`,
    );
    const { page } = lab;
    await lab.start();
    await lab.says(/together, aem: round/);
    await page.waitForFunction(() => /aem: \d in use/.test(document.querySelector("#clusters")?.textContent ?? ""));
    await lab.hash();
    const captions = await page.$$eval("#clusters caption", (all) => all.map((one) => one.textContent));
    assert.equal(
      captions.map((caption) => caption?.replace(/\d/, "n")),
      ["aem: n in use", "fedem: n in use", "pens: whose models each was sent last"],
    );
    await page.locator("#clusters table").last().locator("tbody button").first().click();
    assert.match((await page.textContent("#client .what")) ?? "", /fedem: \d+ %, \d+ %, \d+ % of its components/);
    assert.equal(lab.errors, []);
    await lab.close();
  });
}
