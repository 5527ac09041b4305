// The lab in browsers of other engines: a long run with a pause ends, with Chromium's weights. What cannot be installed is passed over.
import type { Browser } from "playwright-core";
import { launchFirefox } from "../../../scripts/firefox.ts";
import { assert } from "../../support/suite.ts";
import { LabPage } from "../support/page.ts";
import type { Desk, Suite } from "./desk.ts";

// long enough for a browser to collect what nothing holds, again and again
const long =
  "#clients=6&federation.rounds=400&federation.cohort=4&federation.validateEvery=100&federation.localEpochs=1" +
  "&federation.patience=9&personal.clients=4&personal.epochs=8&rows.train=40&rows.validation=40&rows.test=60";

async function run(browser: Browser, url: string, pause: boolean): Promise<string> {
  const lab = await LabPage.open(browser, url + long);
  await lab.start();
  if (pause) {
    await lab.says(/together: round (1[0-9][0-9]|[5-9][0-9]) /, 120);
    await lab.page.click("#run");
    await lab.stage("paused");
    await lab.page.waitForTimeout(1500);
    await lab.page.click("#run");
  }
  const hash = await lab.hash(240);
  assert.equal(lab.errors, []);
  await lab.close();
  return hash;
}

export function elsewhere(lab: Suite, desk: () => Desk): void {
  lab("ends a long run with a pause in Firefox, with Chromium's weights", async () => {
    const firefox = await launchFirefox().catch((error: Error) => error);
    if (firefox instanceof Error) {
      console.log(`\n  lab in Firefox: skipped, ${firefox.message.split("\n")[0]}`);
      return;
    }
    try {
      const { browser, url } = desk();
      const [there, here] = await Promise.all([run(firefox, url, true), run(browser, url, false)]);
      assert.is(there, here);
    } finally {
      await firefox.close();
    }
  });
}
