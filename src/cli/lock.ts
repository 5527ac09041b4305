// One run a folder: run.lock says whose the folder is, as long as its owner lives. A process that was killed leaves its lock,
// and whoever comes next finds that it is dead.
import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync, unlinkSync } from "node:fs";
import { readFile, rename, rmdir, stat, unlink, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../experiment/index.ts";
import { createFile, makeFolder, StoreError } from "./durable.ts";

const LOCK = "run.lock";
const BEAT = 15_000;
const SILENCE = 60_000;

/** Who has a folder. */
export interface Owner {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
  /** The host as it runs now and sees processes: its boot, and the name space that a container has of its own. */
  readonly place: string;
  /** When the process began, in the system's own ticks: a number may be another process's by now. */
  readonly started: string;
  readonly since: string;
}

const textAt = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    // no Linux: then there is no such file
    return "";
  }
};

/** When a process began: the 22nd field of its stat, after the command's name, which may hold anything. */
function startOf(pid: number): string {
  const line = textAt(() => readFileSync(`/proc/${pid}/stat`, "latin1"));
  const [state = "", ...rest] = line.slice(line.lastIndexOf(")") + 2).split(" ");
  // a zombie has ended, and only its parent has not looked yet
  return state === "Z" || state === "X" ? "ended" : (rest[18] ?? "");
}

function here(): string {
  const boot = textAt(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1"));
  return [hostname(), boot, textAt(() => readlinkSync("/proc/self/ns/pid"))].join(" ");
}

/** Whether an owner lives; `heard` is when its lock was last touched. */
function isAlive({ pid, place, started }: Owner, heard: number): boolean {
  // of another machine's processes nothing is known but that they go on touching their locks
  if (place !== here()) return Math.abs(Date.now() - heard) < SILENCE;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return startOf(pid) === started;
}

interface Held {
  readonly text: string;
  readonly owner: Owner | undefined;
  readonly alive: boolean;
}

async function look(path: string): Promise<Held | undefined> {
  let text: string;
  let heard: number;
  try {
    text = await readFile(path, "utf8");
    heard = (await stat(path)).mtimeMs;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
  try {
    const owner = JSON.parse(text) as Owner;
    return { text, owner, alive: isAlive(owner, heard) };
  } catch {
    // torn: nobody's, unless it is being written in this moment
    return { text, owner: undefined, alive: Math.abs(Date.now() - heard) < SILENCE };
  }
}

/** Who runs in a folder now, if anybody does. */
export async function ownerOf(folder: string): Promise<Owner | undefined> {
  const held = await look(join(folder, LOCK));
  return held?.alive ? held.owner : undefined;
}

function taken(folder: string, owner: Owner | undefined): ConfigError {
  const who = owner ? `process ${owner.pid} on ${owner.host} since ${owner.since}` : "somebody";
  return new ConfigError(
    `${folder}: is in use, got a run of ${who}, expected none; wait for it, stop it, or choose another folder`,
  );
}

/** A folder that is this process's. */
export class Lock {
  readonly #folder: string;
  readonly #path: string;
  readonly #id: string;
  readonly #made: boolean;
  readonly #beat: NodeJS.Timeout;
  readonly #gone = (): void => {
    try {
      if (readFileSync(this.#path, "utf8").includes(this.#id)) unlinkSync(this.#path);
    } catch {
      // the folder is gone, and its lock with it
    }
  };

  private constructor(folder: string, id: string, made: boolean) {
    this.#folder = folder;
    this.#path = join(folder, LOCK);
    this.#id = id;
    this.#made = made;
    this.#beat = setInterval(() => {
      const now = new Date();
      // that it is gone is told by the next write
      void utimes(this.#path, now, now).catch(() => {});
    }, BEAT).unref();
    process.on("exit", this.#gone);
  }

  /** Takes a folder, making it if need be. A ConfigError in one line if somebody who lives has it. */
  static async take(folder: string, isNew: boolean): Promise<Lock> {
    const made = (await makeFolder(folder)) || isNew;
    const path = join(folder, LOCK);
    const id = randomUUID();
    const { pid } = process;
    const since = new Date().toISOString();
    const own: Owner = { id, pid, host: hostname(), place: here(), started: startOf(pid), since };
    for (;;) {
      if (await createFile(path, `${JSON.stringify(own)}\n`, `${path}.${id}`)) return new Lock(folder, id, made);
      const held = await look(path);
      if (held?.alive) throw taken(folder, held.owner);
      if (held) await clear(path, held.text, id);
    }
  }

  /** A StoreError unless the folder is still this process's. */
  async check(): Promise<void> {
    const held = await look(this.#path);
    if (held?.owner?.id === this.#id) return;
    throw new StoreError(
      held
        ? `${this.#folder}: was taken over by process ${held.owner?.pid} on ${held.owner?.host} while the run went on; one of the two is too much`
        : `${this.#folder}: is gone, removed or moved while the run went on; nothing more can be written into it`,
    );
  }

  /** Gives the folder back; one that was made for nothing goes again. */
  async release(): Promise<void> {
    clearInterval(this.#beat);
    process.off("exit", this.#gone);
    this.#gone();
    if (!this.#made) return;
    await rmdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (!["ENOTEMPTY", "EEXIST", "ENOENT", "EBUSY"].includes(error.code ?? "")) throw error;
    });
  }
}

/**
 * Removes the lock of a process that is dead. Of several that find it dead each moves away what is there; whoever moves a
 * newer lock puts it back.
 */
async function clear(path: string, dead: string, id: string): Promise<void> {
  const aside = `${path}.${id}.dead`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = await readFile(aside, "utf8");
  if (moved !== dead) await createFile(path, moved, `${aside}.back`);
  await unlink(aside);
}
