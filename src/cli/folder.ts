// A run folder on disk.
import { open, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunStore } from "../experiment/store.ts";
import { appendFile, makeFolder, removePath, replaceFile } from "./durable.ts";
import { Lock } from "./lock.ts";

export class Folder implements RunStore {
  readonly path: string;
  #lock: Lock | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Does work that nobody else may do in this folder meanwhile; a ConfigError if somebody does.
   * @param made whether the folder was made for this work, and goes again if the work leaves nothing in it
   */
  async alone<T>(work: () => Promise<T>, made = false): Promise<T> {
    this.#lock = await Lock.take(this.path, made);
    try {
      return await work();
    } finally {
      await this.#lock.release();
      this.#lock = undefined;
    }
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    return ifThere(readFile(join(this.path, name)));
  }

  async readPart(name: string, from: number, to: number): Promise<Uint8Array | undefined> {
    const file = await ifThere(open(join(this.path, name)));
    if (!file) return undefined;
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(to - from), 0, to - from, from);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async write(name: string, content: Uint8Array | string): Promise<void> {
    const path = await this.#placeFor(name);
    await makeFolder(dirname(path));
    await replaceFile(path, content);
  }

  async append(name: string, text: string): Promise<void> {
    const path = await this.#placeFor(name);
    await makeFolder(dirname(path));
    await appendFile(path, text);
  }

  async list(folder: string): Promise<string[]> {
    // a file that was not written to its end is none
    return ((await ifThere(readdir(join(this.path, folder)))) ?? []).filter((name) => !name.endsWith(".partial"));
  }

  async remove(name: string): Promise<void> {
    await removePath(await this.#placeFor(name));
  }

  // a folder that was removed is not made again by half a run
  async #placeFor(name: string): Promise<string> {
    await this.#lock?.check();
    return join(this.path, name);
  }
}

async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
