// In every browser that can be had here: it begins whenever it is started, and a long run with pauses and a reload ends with the
// command line's weights. What cannot be installed is passed over.
import { assert } from "../../support/suite.ts";
import { browserNames, tabsIn, tabsOf } from "../../support/tab.ts";
import { lasts, starts, wantedHash } from "../support/trials.ts";
import type { Desk, Suite } from "./desk.ts";

// long enough for a browser to collect what nothing holds
const rounds = 300;

export function elsewhere(lab: Suite, desk: () => Desk): void {
  let wanted: Promise<string> | undefined;
  // one start in twenty once did not begin, and no long run ended in Firefox; test/lab/often.ts tries them by the hundred
  for (const name of browserNames)
    lab(`begins whenever it is started, and ends long runs with the command line's weights, in ${name}`, async () => {
      const { browser, url } = desk();
      const tabs = name === "chromium" ? tabsIn(browser, name) : await tabsOf(name).catch((error: Error) => error);
      if (tabs instanceof Error) {
        console.log(`\n  lab in ${name}: skipped, ${tabs.message.split("\n")[0]}`);
        return;
      }
      try {
        for (let n = 1; n <= 10; n++) {
          const { well, what } = await starts(tabs, url, n, 30);
          assert.ok(well, what);
        }
        wanted ??= wantedHash(rounds);
        const { well, what } = await lasts(tabs, url, { rounds, wanted: await wanted, late: 0.5 });
        assert.ok(well, what);
        console.log(`\n  ${tabs.name}: the command line's weights`);
      } finally {
        if (name !== "chromium") await tabs.close();
      }
    });
}
