// A Firefox to test in: the one on this machine, else Debian's. It is Mozilla's own, driven by WebDriver BiDi.
import { type Browser, firefox } from "playwright-core";
import { fromDebian } from "./debian.ts";

/** A headless Firefox. Throws where there is none and none can be installed. */
export async function launchFirefox(): Promise<Browser> {
  const executablePath =
    process.env["FIREFOX"] ?? (await fromDebian(["firefox-esr"], ["/usr/bin/firefox", "/usr/bin/firefox-esr"]));
  if (!executablePath) throw new Error("no Firefox here, and Debian's cannot be installed");
  return firefox.launch({ channel: "moz-firefox", executablePath });
}
