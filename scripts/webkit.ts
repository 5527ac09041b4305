// A WebKit to test in: WebKitGTK's own small browser from Debian, driven by WebDriver over HTTP, on a screen that nobody sees.
import { type ChildProcess, spawn } from "node:child_process";
import { fromDebian } from "./debian.ts";
import { freePort } from "./freePort.ts";

const browsers = ["4.1", "6.0", "4.0"].map(
  (version) =>
    `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu/webkit2gtk-${version}/MiniBrowser`,
);

/** A page, as far as tests use it. */
export interface WebKitPage {
  goto(url: string): Promise<void>;
  reload(): Promise<void>;
  click(selector: string): Promise<void>;
  /** The value of an expression in the page; of a promise, what it is kept with. */
  evaluate<T>(code: string): Promise<T>;
  close(): Promise<void>;
}

export interface WebKit {
  readonly version: string;
  newPage(): Promise<WebKitPage>;
  close(): Promise<void>;
}

/** A WebKitGTK without a screen. Throws where there is none and none can be installed. */
export async function launchWebKit(): Promise<WebKit> {
  const packages = ["webkit2gtk-driver", "xvfb", "xauth"];
  const binary = process.env["WEBKIT"] ?? (await fromDebian(packages, browsers));
  const driver = await fromDebian(packages, ["/usr/bin/WebKitWebDriver"]);
  const screen = await fromDebian(packages, ["/usr/bin/xvfb-run"]);
  if (!binary || !driver || !screen)
    throw new Error("no WebKitGTK with a driver here, and Debian's cannot be installed");
  const port = await freePort();
  const words = ["-a", "-s", "-screen 0 1440x900x24", driver, `--port=${port}`];
  // a group of its own, so that screen, driver and browser can be ended together
  const child = spawn(screen, words, { stdio: "ignore", detached: true });
  const call = caller(`http://127.0.0.1:${port}`);
  // whoever is ended without closing it leaves no browser behind
  process.once("exit", () => end(child));
  try {
    await begun(child, call);
    const options = { binary, args: ["--automation"] };
    const wanted = { "webkitgtk:browserOptions": options, unhandledPromptBehavior: "accept" };
    const { sessionId, capabilities } = (await call("POST", "/session", {
      capabilities: { alwaysMatch: wanted },
    })) as Session;
    const inSession = (method: Method, path: string, body?: object): Promise<unknown> =>
      call(method, `/session/${sessionId}${path}`, body);
    await inSession("POST", "/timeouts", { script: 600_000, pageLoad: 60_000 });
    const close = async (): Promise<void> => {
      await inSession("DELETE", "").catch(() => {});
      end(child);
    };
    const version = `WebKitGTK ${capabilities.browserVersion}`;
    return { version, newPage: pages(inSession, (await inSession("GET", "/window")) as string), close };
  } catch (error) {
    end(child);
    throw error;
  }
}

type Method = "GET" | "POST" | "DELETE";
type Call = (method: Method, path: string, body?: object) => Promise<unknown>;

interface Session {
  readonly sessionId: string;
  readonly capabilities: { readonly browserVersion: string };
}

// a command of W3C WebDriver; its answers are all under "value"
function caller(url: string): Call {
  return async (method, path, body) => {
    const response = await fetch(url + path, {
      method,
      ...(method === "POST" && { body: JSON.stringify(body ?? {}) }),
    });
    const { value } = (await response.json()) as { value: { error?: string; message?: string } | null };
    if (!response.ok) throw new Error(`WebDriver: ${method} ${path}, ${value?.error}: ${value?.message}`);
    return value;
  };
}

async function begun(child: ChildProcess, call: Call): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    if (child.exitCode !== null) throw new Error(`xvfb-run with WebKitWebDriver ended with ${child.exitCode}`);
    const answer = await call("GET", "/status").catch(() => undefined);
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("WebKitWebDriver has not begun in 20 s");
}

function end({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid);
}

// commands go to one window at a time, new ones too; the first stays open for that
function pages(call: Call, home: string): () => Promise<WebKitPage> {
  let last: Promise<unknown> = Promise.resolve();
  const element = "element-6066-11e4-a52e-4f735466cecf";
  const inTurn = <T>(act: () => Promise<T>): Promise<T> => {
    const next = last.then(act, act);
    last = next.catch(() => {});
    return next;
  };
  return async () => {
    // a tab of its own would be out of sight, where nothing is drawn
    const { handle } = (await inTurn(async () => {
      await call("POST", "/window", { handle: home });
      return call("POST", "/window/new", { type: "window" });
    })) as { handle: string };
    const within = <T>(act: () => Promise<unknown>): Promise<T> =>
      inTurn(async () => {
        await call("POST", "/window", { handle });
        return (await act()) as T;
      });
    return {
      goto: (url) => within(() => call("POST", "/url", { url })),
      reload: () => within(() => call("POST", "/refresh")),
      click: (selector) =>
        within(async () => {
          const found = (await call("POST", "/element", { using: "css selector", value: selector })) as Record<
            string,
            string
          >;
          await call("POST", `/element/${found[element]}/click`);
        }),
      evaluate: (code) => within(() => call("POST", "/execute/sync", { script: `return (${code});`, args: [] })),
      close: () => within(() => call("DELETE", "/window")),
    };
  };
}
