// A folder is one run's at a time, whoever else wants it and whoever had it and died.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Folder } from "../../src/cli/folder.ts";
import { Lock, ownerOf } from "../../src/cli/lock.ts";
import { refusesLater } from "../support/refuses.ts";
import { assert, suite } from "../support/suite.ts";

const test = suite("a run's lock");
const source = new URL("../../src/cli/folder.ts", import.meta.url).href;
const root = fileURLToPath(new URL("../..", import.meta.url));

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "moiety-lock-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A process that takes a folder and keeps it until it is killed; tells "mine" or the refusal. */
function rival(folder: string): { child: ChildProcess; told: Promise<string> } {
  const script = `
    import { Folder } from ${JSON.stringify(source)};
    const wait = setInterval(() => {}, 1000);
    new Folder(${JSON.stringify(folder)}).alone(() => { console.log("mine"); return new Promise(() => {}); })
      .catch((error) => { console.log(error.message); clearInterval(wait); });`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const told = once(child.stdout!, "data").then(([text]) => String(text).trim());
  return { child, told };
}

test("of many that want a folder at once one gets it, and when it was killed one of the next", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    for (let turn = 0; turn < 2; turn++) {
      const rivals = Array.from({ length: 4 }, () => rival(run));
      try {
        const told = await Promise.all(rivals.map((one) => one.told));
        const winner = told.indexOf("mine");
        assert.is(told.filter((text) => text === "mine").length, 1, told.join("\n"));
        const pid = rivals[winner]!.child.pid!;
        for (const [i, text] of told.entries())
          if (i !== winner) assert.match(text, new RegExp(`^${run}: is in use, got a run of process ${pid} on `));
        assert.is((await ownerOf(run))?.pid, pid);
        await refusesLater(() => new Folder(run).alone(async () => {}), /is in use/);
      } finally {
        for (const { child } of rivals) child.kill("SIGKILL");
        await Promise.all(rivals.map(({ child }) => child.exitCode ?? child.signalCode ?? once(child, "exit")));
      }
      // its lock is there, and nobody's
      assert.ok(existsSync(join(run, "run.lock")));
      assert.is(await ownerOf(run), undefined);
    }
    await new Folder(run).alone(async () => assert.is((await ownerOf(run))?.pid, process.pid));
    assert.equal(readdirSync(run), []);
  }));

test("a folder that was made for nothing goes again, one that was there stays", () =>
  inFolder(async (folder) => {
    await refusesLater(
      () => new Folder(join(folder, "new")).alone(() => Promise.reject(new Error("no data"))),
      "no data",
    );
    assert.not(existsSync(join(folder, "new")));
    mkdirSync(join(folder, "old"));
    await refusesLater(() => new Folder(join(folder, "old")).alone(() => Promise.reject(new Error("no"))), "no");
    assert.equal(readdirSync(join(folder, "old")), []);
  }));

test("the lock of another process with the same number, or of a machine that went silent, is dead", () =>
  inFolder(async (folder) => {
    const lock = await Lock.take(folder, false);
    const path = join(folder, "run.lock");
    const own = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    await lock.release();
    const leave = (owner: unknown, seconds = 0): void => {
      writeFileSync(path, typeof owner === "string" ? owner : JSON.stringify(owner));
      const at = Date.now() / 1000 - seconds;
      utimesSync(path, at, at);
    };
    const alive = async (): Promise<boolean> => (await ownerOf(folder)) !== undefined;
    const free = (): Promise<void> => new Folder(folder).alone(async () => {});
    leave({ ...own, id: "other" });
    assert.ok(await alive());
    if (process.platform === "linux") {
      leave({ ...own, id: "other", started: "1" });
      assert.not(await alive());
    }
    const far = { ...own, id: "other", place: "elsewhere", host: "elsewhere" };
    leave(far, 30);
    assert.is((await ownerOf(folder))?.host, "elsewhere");
    await refusesLater(free, /is in use, got a run of process \d+ on elsewhere since /);
    leave(far, 90);
    await free();
    // torn ones
    for (const text of ["", "{", "null", "7"]) {
      leave(text, 90);
      await free();
    }
    leave("");
    await refusesLater(free, /is in use, got a run of somebody/);
    assert.is(own["host"], hostname());
  }));

test("who lost a folder, or whose folder was removed, writes nothing into it any more", () =>
  inFolder(async (folder) => {
    const run = join(folder, "run");
    const store = new Folder(run);
    await store.alone(async () => {
      await store.write("a", "1");
      rmSync(run, { recursive: true });
      for (const act of [() => store.write("a", "2"), () => store.append("b", "2"), () => store.remove("a")])
        await refusesLater(
          act,
          `${run}: is gone, removed or moved while the run went on; nothing more can be written into it`,
        );
      assert.not(existsSync(run));
    });
    await store.alone(async () => {
      const path = join(run, "run.lock");
      const mine = readFileSync(path, "utf8");
      writeFileSync(path, JSON.stringify({ ...JSON.parse(mine), id: "other", pid: 1 }));
      await refusesLater(() => store.write("a", "2"), /was taken over by process 1 /);
      writeFileSync(path, mine);
    });
  }));

test.run();
