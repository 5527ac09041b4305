// What is tried over and over, in whatever browser: a start, and a long run with everything that may come between.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readAddress } from "../../../lab/page/address.ts";
import { atStage, type Tab, type Tabs, until } from "../../support/tab.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const run = promisify(execFile);

export interface Trial {
  readonly well: boolean;
  readonly what: string;
}

const tiny =
  "clients=4&federation.rounds=6&federation.cohort=4&federation.validateEvery=6&federation.localEpochs=1&personal.clients=2" +
  "&personal.epochs=2&rows.train=20&rows.validation=20&rows.test=40";

// many rounds of little work, slow enough to get better to the last: the weights that are kept have been through all of them
const long = (rounds: number, seed: number): string =>
  `model=mlp&clients=3&federation.rounds=${rounds}&federation.cohort=2&federation.validateEvery=100&federation.localEpochs=1&federation.patience=99999` +
  `&federation.lr=0.00001&personal.clients=2&personal.epochs=4&rows.train=10&rows.validation=10&rows.test=20&seed=${seed}`;

const status = "document.querySelector('#status').textContent";
const past = (round: number): string =>
  `Number(/together: round (\\d+) /.exec(${status})?.[1] ?? 0) >= ${round} || /apart/.test(${status}) || document.body.dataset.stage === 'finished' ? 'yes' : null`;

/** One start in a tab of its own: it has begun as soon as the page has heard of a round. */
export function starts(tabs: Tabs, url: string, n: number, seconds: number): Promise<Trial> {
  return tried(tabs, `start ${n}`, async (tab) => {
    await tab.goto(`${url}#${tiny}&seed=${n}`);
    await atStage(tab, "ready", seconds);
    await tab.click("#run");
    await until(tab, past(1), seconds);
  });
}

/** The weights of the long run's set-up on the command line. */
export async function wantedHash(rounds: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "moiety-lab-"));
  const config = join(folder, "config.json");
  await writeFile(config, JSON.stringify(readAddress(`#${long(rounds, 1)}`)));
  const out = join(folder, "run");
  await run(process.execPath, ["scripts/moiety.mjs", "run", config, "--data", "data", "--out", out], { cwd: root });
  const { weightsSha256 } = JSON.parse(await readFile(join(out, "summary.json"), "utf8")) as { weightsSha256: string };
  return weightsSha256;
}

export interface LongRun {
  readonly rounds: number;
  /** The hash that it must end with. */
  readonly wanted: string;
  /** Where it is stopped, 0 to 1: every run of many elsewhere. */
  readonly late: number;
}

/** One long run: paused, begun anew, paused, gone on with, reloaded, and gone on with to its end. */
export function lasts(tabs: Tabs, url: string, { rounds, wanted, late }: LongRun): Promise<Trial> {
  return tried(tabs, `run stopped at ${late.toFixed(2)}`, async (tab) => {
    const at = (share: number): string => past(Math.floor(rounds * (share + 0.15 * late)));
    await tab.goto(`${url}#${long(rounds, 1)}`);
    // what a trial before has left half done
    await until(tab, "['ready', 'paused'].includes(document.body.dataset.stage) ? 'yes' : null");
    if (await tab.evaluate("document.body.dataset.stage === 'paused'")) await pressed(tab, "#renew", "ready");
    await tab.click("#run");
    await until(tab, at(0.05), patience);
    await pressed(tab, "#run", "paused");
    await pressed(tab, "#renew", "ready");
    await tab.click("#run");
    await until(tab, at(0.1), patience);
    await pressed(tab, "#run", "paused");
    // time enough for what nothing holds to go
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await tab.click("#run");
    await until(tab, at(0.4), patience);
    await tab.reload();
    await atStage(tab, "paused");
    await tab.click("#run");
    const hash = await until(tab, "document.querySelector('[data-hash]')?.dataset.hash ?? null", patience);
    if (hash !== wanted)
      throw new Error(`it ends with ${hash.slice(0, 8)}, the command line with ${wanted.slice(0, 8)}`);
  });
}

// seconds that a part of a long run may take on a machine that has other things to do
const patience = 1800;

async function tried(tabs: Tabs, name: string, act: (tab: Tab) => Promise<void>): Promise<Trial> {
  const tab = await tabs.open();
  const since = performance.now();
  const problem = await act(tab).then(
    () => "",
    ({ message }: Error) => `: ${message}`,
  );
  await tab.close();
  return { well: !problem, what: `${name}, ${((performance.now() - since) / 1000).toFixed(1)} s${problem}` };
}

async function pressed(tab: Tab, button: string, stage: string): Promise<void> {
  const before = await tab.evaluate<string>("document.body.dataset.stage");
  await tab.click(button);
  // a click that missed is told from a page that does not do as it was told
  await until(tab, `document.body.dataset.stage === '${before}' ? null : 'yes'`, 30);
  await atStage(tab, stage);
}
