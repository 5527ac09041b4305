// A run folder on disk.
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RunStore } from "../experiment/store.ts";

export class Folder implements RunStore {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async read(name: string): Promise<Uint8Array | undefined> {
    try {
      return await readFile(join(this.path, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async write(name: string, content: Uint8Array | string): Promise<void> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    // a rename is all or nothing, so a kill leaves the old file
    await writeFile(`${path}.partial`, content);
    await rename(`${path}.partial`, path);
  }

  async append(name: string, text: string): Promise<void> {
    await mkdir(this.path, { recursive: true });
    await appendFile(join(this.path, name), text);
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.path, name), { force: true, recursive: true });
  }
}
