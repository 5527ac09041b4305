// What is tried over and over, in whatever browser: a start, and a long run with everything that may come between.
import { atStage, type Tab, type Tabs, until } from "./tab.ts";

export interface Trial {
  readonly well: boolean;
  readonly what: string;
}

const tiny =
  "clients=4&federation.rounds=6&federation.cohort=4&federation.validateEvery=6&federation.localEpochs=1&personal.clients=2" +
  "&personal.epochs=2&rows.train=20&rows.validation=20&rows.test=40";

// patience enough for every round
const long = (rounds: number, seed: number): string =>
  `clients=6&federation.rounds=${rounds}&federation.cohort=4&federation.validateEvery=100&federation.localEpochs=1&federation.patience=99999` +
  `&federation.lr=0.0001&personal.clients=2&personal.epochs=4&rows.train=20&rows.validation=20&rows.test=40&seed=${seed}`;

const status = "document.querySelector('#status').textContent";
const past = (round: number): string =>
  `Number(/together: round (\\d+) /.exec(${status})?.[1] ?? 0) >= ${round} || /apart/.test(${status}) || document.body.dataset.stage === 'finished' ? 'yes' : null`;

/** Starts in tabs of their own; one has begun as soon as the page has heard of a round. */
export async function* starts(tabs: Tabs, url: string, count: number, seconds: number): AsyncGenerator<Trial> {
  for (let n = 1; n <= count; n++) {
    const tab = await tabs.open();
    const since = performance.now();
    const took = (): string => `start ${n}, ${((performance.now() - since) / 1000).toFixed(1)} s`;
    try {
      await tab.goto(`${url}#${tiny}&seed=${n}`);
      await atStage(tab, "ready", seconds);
      await tab.click("#run");
      await until(tab, past(1), seconds);
      yield { well: true, what: took() };
    } catch (error) {
      yield { well: false, what: `${took()}: ${(error as Error).message}` };
    }
    await tab.close();
  }
}

async function pressed(tab: Tab, button: string, stage: string): Promise<void> {
  await tab.click(button);
  await atStage(tab, stage);
}

const hashOf = (tab: Tab): Promise<string> =>
  until(tab, "document.querySelector('[data-hash]')?.dataset.hash ?? null", 1200);

/** Long runs: each is paused, gone on with, paused, reloaded, gone on with, and begun anew beside it; all must end with one hash. */
export async function* lasts(tabs: Tabs, url: string, count: number, rounds: number): AsyncGenerator<Trial> {
  if (count === 0) return;
  const straight = await tabs.open();
  await straight.goto(`${url}#${long(rounds, 1)}`);
  await atStage(straight, "ready");
  await straight.click("#run");
  const wanted = await hashOf(straight);
  await straight.close();
  for (let n = 1; n <= count; n++) {
    const tab = await tabs.open();
    const since = performance.now();
    const took = (): string => `run ${n}, ${((performance.now() - since) / 1000).toFixed(1)} s`;
    // each stops elsewhere
    const at = (share: number): string => past(Math.floor(rounds * (share + (0.15 * n) / count)));
    try {
      await tab.goto(`${url}#${long(rounds, 1)}`);
      // what a trial before has left half done
      await until(tab, "['ready', 'paused'].includes(document.body.dataset.stage) ? 'yes' : null");
      if (await tab.evaluate("document.body.dataset.stage === 'paused'")) await pressed(tab, "#renew", "ready");
      await tab.click("#run");
      await until(tab, at(0.05));
      await pressed(tab, "#run", "paused");
      await pressed(tab, "#renew", "ready");
      await tab.click("#run");
      await until(tab, at(0.1));
      await pressed(tab, "#run", "paused");
      await tab.click("#run");
      await until(tab, at(0.4));
      await tab.reload();
      await atStage(tab, "paused");
      await tab.click("#run");
      const hash = await hashOf(tab);
      yield { well: hash === wanted, what: `${took()}: ${hash.slice(0, 8)}, wanted ${wanted.slice(0, 8)}` };
    } catch (error) {
      yield { well: false, what: `${took()}: ${(error as Error).message}` };
    }
    await tab.close();
  }
}
