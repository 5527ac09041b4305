// A run folder on disk.
import { readdir, readFile } from "node:fs/promises";
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
    try {
      return await readFile(join(this.path, name));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
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
    try {
      // a file that was not written to its end is none
      return (await readdir(join(this.path, folder))).filter((name) => !name.endsWith(".partial"));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT" || code === "ENOTDIR") return [];
      throw error;
    }
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
