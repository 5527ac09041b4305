// The lab over and over: how many of so many starts begin, and how many of so many long runs that are paused, reloaded and begun anew
// end with the command line's weights.
//
//   node --import tsx test/lab/often.ts --browser firefox --starts 50
//   node --import tsx test/lab/often.ts --browser chromium,firefox,webkit --runs 20 --rounds 1500
import { parseArgs } from "node:util";
import { buildLab, labFolder } from "../../scripts/lab.ts";
import { serveFolder } from "../../scripts/serve.ts";
import { browserNames, type Tabs, tabsOf } from "../support/tab.ts";
import { lasts, starts, type Trial, wantedHash } from "./support/trials.ts";

const { values } = parseArgs({
  options: {
    browser: { type: "string", default: "chromium" },
    starts: { type: "string", default: "0" },
    runs: { type: "string", default: "0" },
    rounds: { type: "string", default: "1500" },
    seconds: { type: "string", default: "20" },
  },
});
const names = values.browser.split(",").map((one) => {
  const found = browserNames.find((name) => name === one);
  if (!found) throw new RangeError(`often: browser, got ${one}, expected ${browserNames.join(", ")}`);
  return found;
});
const [runs, rounds] = [Number(values.runs), Number(values.rounds)];

await buildLab();
const { url, close } = await serveFolder(labFolder);
const wanted = runs > 0 ? await wantedHash(rounds) : "";
const browsers: Tabs[] = [];
for (const name of names) browsers.push(await tabsOf(name));
let failed = 0;
// by turns, so that what is stopped early has tried all browsers
async function inAll(count: number, trial: (tabs: Tabs, n: number) => Promise<Trial>): Promise<void> {
  for (let n = 1; n <= count; n++)
    for (const tabs of browsers) {
      const { well, what } = await trial(tabs, n);
      console.log(`${well ? "ok  " : "FAIL"} ${tabs.name}, ${n} of ${count}: ${what}`);
      if (!well) failed++;
    }
}
await inAll(Number(values.starts), (tabs, n) => starts(tabs, url, n, Number(values.seconds)));
await inAll(runs, (tabs, n) => lasts(tabs, url, { rounds, wanted, late: n / runs }));
for (const tabs of browsers) await tabs.close();
close();
console.log(failed === 0 ? "all well" : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
