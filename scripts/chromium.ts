// A Chromium to test in: the one on this machine, else Debian's package, else the one that npm carries.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { fromDebian } from "./debian.ts";
import { installed } from "./installed.ts";

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome",
];

async function find(): Promise<string> {
  const found = process.env["CHROMIUM"] ?? (await fromDebian(["chromium"], places));
  if (found) return found;
  const folder = await installed("@sparticuz/chromium", "147.0.0");
  const entry = pathToFileURL(join(folder, "node_modules/@sparticuz/chromium/build/esm/index.js")).href;
  const { default: packed } = (await import(entry)) as { default: { executablePath(): Promise<string> } };
  return packed.executablePath();
}

/** A headless Chromium that asks nobody on the internet. Throws where there is none and none can be installed. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: await find(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
