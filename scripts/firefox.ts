// A Firefox to test in: the one on this machine, else Debian's. It is Mozilla's own, driven by WebDriver BiDi.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fromDebian } from "./debian.ts";
import { installed } from "./installed.ts";

const driver = "25.16.0";

/** A page, as far as tests use it. */
export interface FirefoxPage {
  goto(url: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  evaluate<T>(code: string): Promise<T>;
}

export interface Firefox {
  version(): Promise<string>;
  newPage(): Promise<FirefoxPage>;
  close(): Promise<void>;
}

/** A headless Firefox. Throws where there is none and none can be installed. */
export async function launchFirefox(): Promise<Firefox> {
  const executablePath =
    process.env["FIREFOX"] ?? (await fromDebian(["firefox-esr"], ["/usr/bin/firefox", "/usr/bin/firefox-esr"]));
  if (!executablePath) throw new Error("no Firefox here, and Debian's cannot be installed");
  const folder = await installed("puppeteer-core", driver);
  const entry = pathToFileURL(join(folder, "node_modules/puppeteer-core/lib/puppeteer/puppeteer-core.js")).href;
  const { launch } = (await import(entry)) as { launch(options: object): Promise<Firefox> };
  return launch({ browser: "firefox", executablePath, headless: true });
}
