// Runs that outlive the page: their files in the browser's own database, written in the order in which the run wrote them. So a page
// that is closed at any instant leaves what a killed command line leaves: a run to go on with.
import { MemoryStore } from "../../src/experiment/store.ts";
import type { KeptRun } from "../messages.ts";

const [RUNS, FILES] = ["runs", "files"] as const;

/** Where runs are kept. */
export class Shelf {
  readonly #database: IDBDatabase;
  /** Hears once that something could not be kept, as when the disk is full. */
  readonly #onLost: (error: Error) => void;
  #lost = false;

  private constructor(database: IDBDatabase, onLost: (error: Error) => void) {
    this.#database = database;
    this.#onLost = onLost;
  }

  /** Opens the browser's shelf. Rejects where there is none, as in some private windows. */
  static async open(onLost: (error: Error) => void): Promise<Shelf> {
    const request = indexedDB.open("moiety lab", 1);
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore(RUNS, { keyPath: "id" });
      request.result.createObjectStore(FILES);
    });
    return new Shelf(await answer(request), onLost);
  }

  /** The runs that are kept, the newest first. */
  async list(): Promise<KeptRun[]> {
    const runs: KeptRun[] = await answer(this.#database.transaction(RUNS).objectStore(RUNS).getAll());
    return runs.toSorted((a, b) => b.began - a.began);
  }

  /** Writes down what is to be known of a run without opening it. */
  note(run: KeptRun): void {
    this.#write((_, runs) => runs.put(run));
  }

  /** Removes a run with all its files. */
  remove(id: string): void {
    this.#write((files, runs) => {
      runs.delete(id);
      files.delete(IDBKeyRange.bound([id], [id, []]));
    });
  }

  /** A folder of a run's, with what is kept of it. */
  async folder(id: string, folder: string): Promise<MemoryStore> {
    const range = IDBKeyRange.bound([id, folder], [id, folder, []]);
    const files = this.#database.transaction(FILES).objectStore(FILES);
    const [keys, values] = await Promise.all([answer(files.getAllKeys(range)), answer(files.getAll(range))]);
    const store = new KeptFolder((name, content) =>
      this.#write((all) =>
        content === undefined ? all.delete([id, folder, name]) : all.put(content, [id, folder, name]),
      ),
    );
    keys.forEach((key, i) => store.files.set((key as string[])[2]!, values[i] as Uint8Array));
    return store;
  }

  // transactions over the same stores come in the order in which they were begun, so nothing has to wait for another
  #write(act: (files: IDBObjectStore, runs: IDBObjectStore) => void): void {
    const lose = (error: unknown): void => {
      if (!this.#lost) this.#onLost(error instanceof Error ? error : new Error(String(error)));
      this.#lost = true;
    };
    try {
      const transaction = this.#database.transaction([FILES, RUNS], "readwrite");
      transaction.addEventListener("abort", () => lose(transaction.error));
      act(transaction.objectStore(FILES), transaction.objectStore(RUNS));
    } catch (error) {
      lose(error);
    }
  }
}

/** A run folder in memory, of which every change is also kept. */
class KeptFolder extends MemoryStore {
  readonly #keep: (name: string, content: Uint8Array | undefined) => void;

  constructor(keep: (name: string, content: Uint8Array | undefined) => void) {
    super();
    this.#keep = keep;
  }

  override async write(name: string, content: Uint8Array | string): Promise<void> {
    await super.write(name, content);
    const bytes = this.files.get(name)!;
    // a view would be kept with all that lies around it
    this.#keep(name, bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice());
  }

  override async remove(name: string): Promise<void> {
    await super.remove(name);
    this.#keep(name, undefined);
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("the database does not answer")));
  });
}
