// A tab of whatever browser, as far as long trials need it: all drivers' pages are one as they are.
import { launchChromium } from "../../scripts/chromium.ts";
import { launchFirefox } from "../../scripts/firefox.ts";
import { launchWebKit } from "../../scripts/webkit.ts";

export interface Tab {
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  click(selector: string): Promise<void>;
  evaluate<T>(code: string): Promise<T>;
  close(): Promise<void>;
}

/** A browser that gives tabs. */
export interface Tabs {
  readonly name: string;
  open(): Promise<Tab>;
  close(): Promise<void>;
}

// a page with a run that goes on asks before it is left
interface Asking {
  on(event: "dialog", listener: (dialog: { accept(): Promise<void> }) => void): unknown;
}

function unasked<T extends Asking>(page: T): T {
  page.on("dialog", (dialog) => void dialog.accept());
  return page;
}

/** The tabs of a browser that has begun. */
export function tabsIn(browser: { newPage(): Promise<unknown>; close(): Promise<void> }, name: string): Tabs {
  return { name, open: async () => unasked((await browser.newPage()) as Tab & Asking), close: () => browser.close() };
}

/** The browsers that there are tabs of. */
export const browserNames = ["chromium", "firefox", "webkit"] as const;
export type BrowserName = (typeof browserNames)[number];

/** Starts a browser by name. Throws where it cannot be had. */
export async function tabsOf(name: BrowserName): Promise<Tabs> {
  if (name === "webkit") {
    const browser = await launchWebKit();
    return { name: browser.version, open: () => browser.newPage(), close: () => browser.close() };
  }
  if (name === "firefox") {
    const browser = await launchFirefox();
    return tabsIn(browser, await browser.version());
  }
  const browser = await launchChromium();
  return tabsIn(browser, `Chromium ${browser.version()}`);
}

/** Waits until code in the page gives something. */
export async function until(page: Pick<Tab, "evaluate">, code: string, seconds = 240): Promise<string> {
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    const found = await page.evaluate<string | null>(code);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const said = await page.evaluate<string>(
    "document.body.dataset.stage + ': ' + document.querySelector('#status').textContent",
  );
  throw new Error(`${code} gave nothing in ${seconds} s; the page is ${said}`);
}

/** Waits until the page is at a stage. */
export function atStage(page: Pick<Tab, "evaluate">, stage: string, seconds?: number): Promise<string> {
  return until(page, `document.body.dataset.stage === '${stage}' ? 'yes' : null`, seconds);
}
