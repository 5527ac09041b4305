// Nothing that the page has begun is lost: not by a reload, not by a pause, not by workers that never begin.
import { assert } from "../../support/suite.ts";
import { LabPage, small } from "../support/page.ts";
import { withhold } from "../support/withheld.ts";
import type { Desk, Suite } from "./desk.ts";

const often = `${small}&checkpointEvery=4`;

export function lasting(lab: Suite, desk: () => Desk): void {
  lab("goes on after a reload with the same weights, and keeps runs to be opened again or forgotten", async () => {
    const { browser, url } = desk();
    const straight = await LabPage.open(browser, url + often);
    await straight.start();
    const wanted = await straight.hash();
    await straight.close();

    const lab = await LabPage.open(browser, url + often);
    const { page } = lab;
    const asked: string[] = [];
    page.on("dialog", (dialog) => {
      asked.push(dialog.type());
      void dialog.accept();
    });
    await lab.start();
    await lab.says(/together: round ([6-9]|1.) /);
    await page.reload();
    assert.equal(asked, ["beforeunload"]);
    await lab.stage("paused");
    await lab.says(/Paused: learning together: round (4|8|12|16) of at most 24/);
    await page.click("#run");
    assert.is(await lab.hash(), wanted);

    // another run beside it, cut short by New run; both are in the list
    await page.click("#renew");
    await lab.start();
    await lab.says(/together: round ([5-9]|1.) /);
    await page.click("#run");
    await lab.stage("paused");
    await page.click("#renew");
    await lab.stage("ready");
    await page.waitForFunction(() => document.querySelectorAll("#kept li").length === 2);
    await page.getByRole("button", { name: /^Go on/ }).click();
    await lab.stage("paused");
    await page.click("#run");
    assert.is(await lab.hash(), wanted);
    await page.waitForFunction(() => document.querySelectorAll("#kept li").length === 2);

    // what is finished can be looked at, asked and exported after another reload
    await page.reload();
    await lab.stage("ready");
    await page.getByRole("button", { name: /^Open/ }).first().click();
    assert.is(await lab.hash(), wanted);
    await page.locator(".roster tbody tr:not(.aside) .name").first().click();
    await page.waitForFunction(() => document.querySelectorAll("#client .verdicts dt").length === 3);
    await page.keyboard.press("Escape");
    assert.ok((await lab.exported()).length > 0);
    for (const left of [1, 0]) {
      await page.getByRole("button", { name: /^Forget/ }).first().click(); // prettier-ignore
      await page.waitForFunction((n) => document.querySelectorAll("#kept li").length === n, left);
    }
    assert.equal(lab.errors, []);
    await lab.close();
  });

  lab("takes a pause back, stops at once when it is asked twice, and ends with the same weights", async () => {
    const { browser, url } = desk();
    // rounds that last
    const slow = `${often.replace("rounds=24", "rounds=8")}&federation.localEpochs=60`;
    const lab = await LabPage.open(browser, url + slow);
    const { page } = lab;
    await lab.start();
    await lab.says(/together: round [1-3] /);
    await page.click("#run");
    await lab.stage("pausing");
    await page.click("#carry-on");
    await lab.stage("running");
    await lab.says(/together: round [2-5] /);
    await page.click("#run");
    await lab.stage("pausing");
    await page.click("#run");
    await lab.stage("paused");
    await page.click("#run");
    const hash = await lab.hash();
    await page.click("#renew");
    await lab.start();
    assert.is(await lab.hash(), hash);
    assert.equal(lab.errors, []);
    await lab.close();

    // nobody waits for a round that takes ten times as long as this
    const endless = await LabPage.open(browser, `${url}${small}&federation.localEpochs=1000&rows.train=400`);
    await endless.start();
    await endless.page.waitForSelector("tr[data-doing=trains]");
    await endless.page.click("#run");
    await endless.page.getByRole("button", { name: "Stop now" }).click();
    await endless.stage("paused", 10);
    await endless.close();
  });

  lab("says that workers have not begun, and begins them again", async () => {
    const { browser, url } = desk();
    const { url: slow, release, close } = await withhold(url, "trainer.js");
    const lab = await LabPage.open(browser, slow + small);
    const { page } = lab;
    await lab.start();
    await page.waitForSelector("#stall:not([hidden])", { timeout: 20_000 });
    assert.match((await page.textContent("#stall")) ?? "", /workers that train have not begun after 10 seconds/);
    release();
    await page.click("#stall button");
    await lab.hash();
    assert.is(await page.isVisible("#stall"), false);
    await lab.close();
    close();
  });

  lab("has the close-up in the history: Back closes it and leaves the run alone", async () => {
    const { browser, url } = desk();
    const lab = await LabPage.open(browser, url + small);
    const { page } = lab;
    await lab.start();
    await lab.says(/together: round [2-9] /);
    await page.locator(".roster tbody .name").first().click();
    await page.waitForSelector("#client:not([hidden])");
    await page.goBack();
    await page.waitForSelector("#client[hidden]", { state: "attached" });
    assert.ok(["running", "finished"].includes((await page.getAttribute("body", "data-stage")) ?? ""));
    await lab.hash();
    assert.equal(lab.errors, []);
    await lab.close();
  });
}
