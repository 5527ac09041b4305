// What takes longer, or a browser of another engine: long runs with pauses end, with the same weights. What cannot be installed is passed over.
import type { Browser } from "playwright-core";
import { type FirefoxPage, launchFirefox } from "../../../scripts/firefox.ts";
import { assert } from "../../support/suite.ts";
import { LabPage } from "../support/page.ts";
import { atStage, tabsIn, tabsOf, until } from "../support/tab.ts";
import { lasts, starts } from "../support/trials.ts";
import type { Desk, Suite } from "./desk.ts";

// long enough for a browser to collect what nothing holds
const long =
  "#clients=6&federation.rounds=300&federation.cohort=4&federation.validateEvery=100&federation.localEpochs=1" +
  "&federation.patience=9&personal.clients=2&personal.epochs=4&rows.train=20&rows.validation=20&rows.test=40";

async function inChromium(browser: Browser, url: string): Promise<string> {
  const lab = await LabPage.open(browser, url + long);
  await lab.start();
  const hash = await lab.hash(240);
  await lab.close();
  return hash;
}

async function inFirefox(page: FirefoxPage, url: string): Promise<string> {
  await page.goto(url + long);
  await atStage(page, "ready");
  await page.click("#run");
  await until(
    page,
    "/together: round ([3-9]\\d|\\d{3}) /.test(document.querySelector('#status').textContent) ? 'yes' : null",
  );
  await page.click("#run");
  await atStage(page, "paused");
  // time enough for what nothing holds to go
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await page.click("#run");
  return until(page, "document.querySelector('[data-hash]')?.dataset.hash ?? null");
}

export function elsewhere(lab: Suite, desk: () => Desk): void {
  lab("ends with the same weights when it is paused, begun anew, paused and reloaded on its way", async () => {
    const { browser, url } = desk();
    const tabs = tabsIn(browser, "Chromium");
    for await (const { well, what } of lasts(tabs, url, 1, 300)) assert.ok(well, what);
  });

  // one in twenty once did not; test/lab/often.ts tries a hundred
  lab("begins whenever it is started in Firefox", async () => {
    const tabs = await tabsOf("firefox").catch((error: Error) => error);
    if (tabs instanceof Error) {
      console.log(`\n  lab in Firefox: skipped, ${tabs.message.split("\n")[0]}`);
      return;
    }
    try {
      for await (const { well, what } of starts(tabs, desk().url, 10, 30)) assert.ok(well, what);
    } finally {
      await tabs.close();
    }
  });

  lab("ends a long run with a pause in Firefox, with Chromium's weights", async () => {
    const firefox = await launchFirefox().catch((error: Error) => error);
    if (firefox instanceof Error) {
      console.log(`\n  lab in Firefox: skipped, ${firefox.message.split("\n")[0]}`);
      return;
    }
    try {
      const { browser, url } = desk();
      const there = await inFirefox(await firefox.newPage(), url);
      assert.is(there, await inChromium(browser, url));
      console.log(`\n  ${await firefox.version()}: the same weights`);
    } finally {
      await firefox.close();
    }
  });
}
