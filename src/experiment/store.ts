// A run folder as the runner sees it: Node keeps it on disk, a page in memory.

/** Where a run's files are: a folder, or memory. */
export interface RunStore {
  /** The bytes of a file, or undefined if there is none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** A part of a file's bytes, from the first to before the last; undefined if there is no such file. */
  readPart(name: string, from: number, to: number): Promise<Uint8Array | undefined>;
  /** Writes a whole file; a reader sees the old one or the new one, never a part. */
  write(name: string, content: Uint8Array | string): Promise<void>;
  /** Adds to a file's end; makes it where there is none. */
  append(name: string, text: string): Promise<void>;
  /** Removes a file, if it is there. */
  remove(name: string): Promise<void>;
  /** Names of the files in a folder, without it; none if there is none. */
  list(folder: string): Promise<string[]>;
}

/** A run folder in memory. */
export class MemoryStore implements RunStore {
  /** Files by name. */
  readonly files: Map<string, Uint8Array> = new Map();

  async read(name: string): Promise<Uint8Array | undefined> {
    return this.files.get(name);
  }

  async readPart(name: string, from: number, to: number): Promise<Uint8Array | undefined> {
    return this.files.get(name)?.slice(from, to);
  }

  async write(name: string, content: Uint8Array | string): Promise<void> {
    this.files.set(name, typeof content === "string" ? new TextEncoder().encode(content) : content);
  }

  async append(name: string, text: string): Promise<void> {
    const before = new TextDecoder().decode(this.files.get(name) ?? new Uint8Array());
    await this.write(name, before + text);
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }

  async list(folder: string): Promise<string[]> {
    return [...this.files.keys()].flatMap((name) =>
      name.startsWith(`${folder}/`) ? [name.slice(folder.length + 1)] : [],
    );
  }
}
