// What has to be done before anything else can run, and only that: install, kernels, compile.
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The newest change below some paths. */
function newest(...paths) {
  return Math.max(
    0,
    ...paths.map((path) => {
      const at = join(root, path);
      if (!existsSync(at)) return 0;
      const found = statSync(at);
      return found.isDirectory() ? newest(...readdirSync(at).map((name) => join(path, name))) : found.mtimeMs;
    }),
  );
}

const LOCK_MINUTES = 10;

// its process is gone, or has been at it for longer than anything takes
function isLeft(lock) {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return Date.now() - statSync(lock).mtimeMs > LOCK_MINUTES * 60_000;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/** Does something while no other process of this clone does it: who comes second waits, and mostly finds it done. */
function alone(work) {
  const lock = join(root, "build/.lock");
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
      if (isLeft(lock)) rmSync(lock, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function step(title, output, inputs, work) {
  const isStale = () => newest(output) <= newest(...inputs);
  if (!isStale()) return;
  try {
    alone(() => {
      if (!isStale()) return;
      console.error(`${title} ...`);
      work();
    });
  } catch (error) {
    console.error(`${error.stdout ?? ""}${error.stderr ?? ""}`);
    console.error(`${title}: failed; ${error.message.split("\n")[0]}`);
    process.exit(1);
  }
}

const quiet = { cwd: root, stdio: "pipe", encoding: "utf8" };

/** Installs and builds what is missing or older than its sources. */
export function prepare({ compile }) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`moiety: Node 20.19 or newer is needed, this is ${process.versions.node}`);
    process.exit(1);
  }
  // npm ci empties the folder first, and a linked one is somebody else's
  const linked = lstatSync(join(root, "node_modules"), { throwIfNoEntry: false })?.isSymbolicLink();
  if (!linked)
    step("installing packages", "node_modules/.package-lock.json", ["package-lock.json"], () => {
      // npm is a shell script on Windows
      const npm = process.platform === "win32" ? "npm.cmd" : "npm";
      execFileSync(npm, ["ci", "--no-audit", "--no-fund"], { ...quiet, shell: process.platform === "win32" });
    });
  step("building kernels", "src/runtime/extra.wasm.ts", ["kernels", "asconfig.json", "scripts/build-kernels.ts"], () =>
    execFileSync(process.execPath, ["--import", "tsx", "scripts/build-kernels.ts"], quiet),
  );
  if (!compile) return;
  step("compiling", "dist/.stamp", ["src", "tsconfig.json", "tsconfig.build.json"], () => {
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], quiet);
    const stamp = join(root, "dist/.stamp");
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, "");
  });
}
