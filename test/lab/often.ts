// The lab over and over: how many of so many starts begin, and how many of so many long runs that are paused, reloaded and begun anew
// end with the same weights.
//
//   node --import tsx test/lab/often.ts --browser firefox --starts 50
//   node --import tsx test/lab/often.ts --browser chromium --runs 20 --rounds 1500
import { parseArgs } from "node:util";
import { buildLab, labFolder } from "../../scripts/lab.ts";
import { serveFolder } from "../../scripts/serve.ts";
import { lasts, starts, type Trial } from "./support/trials.ts";
import { tabsOf } from "./support/tab.ts";

const { values } = parseArgs({
  options: {
    browser: { type: "string", default: "chromium" },
    starts: { type: "string", default: "0" },
    runs: { type: "string", default: "0" },
    rounds: { type: "string", default: "1500" },
    seconds: { type: "string", default: "20" },
  },
});
if (values.browser !== "chromium" && values.browser !== "firefox")
  throw new RangeError(`often: browser, got ${values.browser}, expected chromium or firefox`);

await buildLab();
const served = await serveFolder(labFolder);
const tabs = await tabsOf(values.browser);
console.log(tabs.name);
const say = (trial: Trial): void => console.log(`${trial.well ? "ok  " : "FAIL"} ${trial.what}`);
let failed = 0;
for (const trials of [
  starts(tabs, served.url, Number(values.starts), Number(values.seconds)),
  lasts(tabs, served.url, Number(values.runs), Number(values.rounds)),
])
  for await (const trial of trials) {
    say(trial);
    if (!trial.well) failed++;
  }
await tabs.close();
served.close();
console.log(failed === 0 ? "all well" : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
