// What personalising one client costs a phone: the unbundled package in a page, Fashion-MNIST rows, all of it on the main thread,
// whose processor Chromium slows down. Prints a table, the best of five runs; judges nothing, because
// machines differ.
//
//   node --import tsx test/platform/phone.ts
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { launchChromium } from "../../scripts/chromium.ts";
import { serveFolder } from "../../scripts/serve.ts";
import { importsOf, prepare } from "./prepare.ts";

interface Cost {
  /** Milliseconds from the page's start to the first answer: fetch, compile, load a generalist, predict. */
  readonly firstAnswer: number;
  readonly personalize: number;
  /** The longest the main thread was held. */
  readonly longestTask: number;
  readonly predict: number;
  /** Bytes: linear memory taken, of it in use afterwards; the saved mixture. */
  readonly reserved: number;
  readonly used: number;
  readonly saved: number;
  readonly epochs: number;
}

const script = `
import { Generalist, key, memory, personalize } from "moiety";
import { bundled, loadFashionMnist, majority, take } from "moiety/data";
import { lenetFashion, lenetFashionGate, Net } from "moiety/nn";

const longest = { ms: 0 };
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration);
}).observe({ type: "longtask" });

window.answer = (async () => {
  const expert = lenetFashion();
  const { train, test, shape, classes } = await loadFashionMnist(bundled());
  const model = { expert, gate: lenetFashionGate(), shape, classes };
  const began = performance.now();
  const generalist = new Generalist(model, new Net(expert, { group: "shared" }).init(1).parameters.toArray());
  const one = test.x.subarray(0, 784);
  generalist.predict(one);
  const firstAnswer = window.loaded + performance.now() - began;
  const sizes = { clients: 1, trainRows: 100, validationRows: 0, testRows: 100 };
  const [rows] = majority(train.labels, test.labels, { ...sizes, p: 0.6 }, key(1)).clients;
  await new Promise((resolve) => setTimeout(resolve, 200));
  longest.ms = 0;
  let epochs = 0;
  const start = performance.now();
  const mixture = await personalize(generalist, take(train, rows.train), {
    onProgress: (at) => { epochs = at.phase === "mixture" ? at.epoch : 0; },
  });
  const trained = performance.now() - start;
  await new Promise((resolve) => setTimeout(resolve, 200));
  const asked = performance.now();
  for (let i = 0; i < 20; i++) mixture.predict(one);
  const predict = (performance.now() - asked) / 20;
  const { reserved, used } = memory();
  return { firstAnswer, personalize: trained, longestTask: longest.ms, predict, reserved, used, saved: mixture.save().length, epochs };
})().catch((error) => ({ failed: error.stack }));
`;

const page = (imports: object): string => `<!doctype html>
<script>const opened = performance.now();</script>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script type="module">
  import "moiety/nn";
  window.loaded = performance.now();
  await import("./phone.js");
</script>
`;

async function cost(browser: Browser, url: string, slowdown: number): Promise<Cost> {
  const tab = await browser.newPage();
  try {
    const session = await tab.context().newCDPSession(tab);
    await session.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
    await tab.goto(`${url}phone.html`);
    await tab.waitForFunction("window.answer", undefined, { timeout: 60_000 });
    const found = (await tab.evaluate("window.answer")) as Cost & { failed?: string };
    if (found.failed) throw new Error(found.failed);
    return found;
  } finally {
    await tab.close();
  }
}

const folder = await prepare();
await writeFile(join(folder, "phone.js"), script);
await writeFile(join(folder, "phone.html"), page(await importsOf(folder)));
await cp(fileURLToPath(new URL("../../data", import.meta.url)), join(folder, "data"), { recursive: true });
const browser = await launchChromium();
const served = await serveFolder(folder);
try {
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  console.log("processor  first answer  personalise 100 rows  epochs  longest task  predict  memory (in use)  saved");
  for (const slowdown of [1, 4, 6]) {
    const runs: Cost[] = [];
    for (let i = 0; i < 5; i++) runs.push(await cost(browser, served.url, slowdown));
    // other work on the machine only ever adds time
    const least = (of: (run: Cost) => number): number => Math.min(...runs.map(of));
    const { reserved, used, saved, epochs } = runs[0]!;
    // the browser tells of tasks from 50 ms on
    const longest = least((run) => run.longestTask);
    const cells = [
      `1/${slowdown}`.padEnd(9),
      `${least((run) => run.firstAnswer).toFixed(0)} ms`.padStart(12),
      `${(least((run) => run.personalize) / 1000).toFixed(1)} s`.padStart(20),
      String(epochs).padStart(6),
      longest < 50 ? "under 50 ms" : `${longest.toFixed(0)} ms`.padStart(12),
      `${least((run) => run.predict).toFixed(1)} ms`.padStart(7),
      `${mib(reserved)} (${mib(used)})`.padStart(15),
      `${(saved / 1000).toFixed(0)} kB`,
    ];
    console.log(cells.join("  "));
  }
} finally {
  served.close();
  await browser.close();
}
