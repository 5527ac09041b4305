// Writing that survives a power cut: what was told to be written is on the disk, names as well as content. The one way in
// which this program changes a file of a run.
import { link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** What an error of the system means, by its code. */
export const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device; make room",
  EDQUOT: "the quota is used up; make room",
  EROFS: "the file system is read-only",
  EACCES: "permission is denied",
  EPERM: "it is not permitted",
  ENOENT: "its folder is gone",
  ENOTDIR: "a part of its path is a file",
  EISDIR: "it is a folder",
  EMFILE: "too many files are open",
  EIO: "the device fails",
};

/** A run folder that cannot be written, or is somebody else's by now. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: string | undefined;

  constructor(message: string, code?: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }

  /** Whether it passes when the user makes room or gives a permission, and the folder is still there. */
  get isPassing(): boolean {
    return this.code !== undefined && this.code !== "ENOENT";
  }
}

async function telling<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new StoreError(`cannot write ${path} (${code}), ${reasons[code] ?? message}`, code, cause);
  }
}

/** Makes the names in a folder durable. */
async function syncFolder(path: string): Promise<void> {
  // Windows opens no folders, and its file systems keep names by themselves
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a folder and those above it. Returns whether it was not there. */
export function makeFolder(path: string): Promise<boolean> {
  return telling(path, async () => {
    const whole = resolve(path);
    const first = await mkdir(whole, { recursive: true });
    if (first === undefined) return false;
    for (let at = whole; ; at = dirname(at)) {
      await syncFolder(dirname(at));
      if (at === first || dirname(at) === at) return true;
    }
  });
}

/** Makes a folder that must not have been there; false if it was. */
export function makeNewFolder(path: string): Promise<boolean> {
  return telling(path, async () => {
    try {
      await mkdir(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
    await syncFolder(dirname(path));
    return true;
  });
}

async function put(path: string, content: Uint8Array | string, flags: "w" | "wx" | "a"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes a whole file; whoever reads it, at any time and after any cut, finds the old one or the new one. */
export function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  return telling(path, async () => {
    const partial = `${path}.partial`;
    try {
      await put(partial, content, "w");
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  });
}

/** Writes at a file's end; a cut may leave the last line torn, never one before it. */
export function appendFile(path: string, text: string): Promise<void> {
  return telling(path, async () => {
    await put(path, text, "a");
    await syncFolder(dirname(path));
  });
}

/** Removes a file or a folder, if it is there. */
export function removePath(path: string): Promise<void> {
  return telling(path, async () => {
    await rm(path, { force: true, recursive: true });
    await syncFolder(dirname(path)).catch((error: NodeJS.ErrnoException) => {
      // no folder, no name in it
      if (error.code !== "ENOENT") throw error;
    });
  });
}

/** Writes a file where none may be; false if there is one. It appears whole, or not at all. */
export function createFile(path: string, content: string, apart: string): Promise<boolean> {
  return telling(path, async () => {
    await put(apart, content, "w");
    try {
      await link(apart, path);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return false;
      if (code === "ENOENT") throw error;
      // a file system without links: written in place, which only a cut in this instant could halve
      return await put(path, content, "wx").then(
        () => true,
        (again: unknown) => {
          if ((again as NodeJS.ErrnoException).code === "EEXIST") return false;
          throw again;
        },
      );
    } finally {
      await rm(apart, { force: true });
    }
  });
}
