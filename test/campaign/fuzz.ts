// Readers under damaged input: each answers with a valid value or one clean error, soon, and takes no memory that the input
// does not account for.
import fc from "fast-check";
import { getHeapStatistics } from "node:v8";
import { unclean } from "../support/unclean.ts";
import type { Batch, Part } from "./kind.ts";

/** A reader, and inputs for it. */
export interface Reader<I> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<I>;
  /** Bytes of an input, which is what its reading is measured by. */
  size(input: I): number;
  read(input: I): unknown;
  /** Throws if what was read cannot be. */
  check?(value: Awaited<unknown>, input: I): void | Promise<void>;
  /** Cases in a batch, 1000 unless said. */
  readonly runs?: number;
}

const SECOND = 1000;
/** Bytes that an input may have read a hundred times over, above what reading nothing takes. */
const FACTOR = 100;
const FLOOR = 8 << 20;

// garbage that waits to be collected counts: it was allocated
function allocated(): number {
  const { used_heap_size, external_memory, malloced_memory } = getHeapStatistics();
  return used_heap_size + external_memory + malloced_memory;
}

interface Spent {
  readonly bytes: number;
  readonly milliseconds: number;
}

async function spend(read: () => unknown): Promise<{ spent: Spent; value?: unknown; error?: unknown }> {
  const before = allocated();
  const processor = process.cpuUsage();
  const began = performance.now();
  let outcome: { value?: unknown; error?: unknown };
  try {
    outcome = { value: await read() };
  } catch (error) {
    outcome = { error };
  }
  const passed = performance.now() - began;
  // other processes may have the cores: a reader is slow when it computes for so long, or waits for what never comes
  const { user, system } = process.cpuUsage(processor);
  const milliseconds = passed > SECOND ? Math.max((user + system) / 1000, passed > 20 * SECOND ? passed : 0) : passed;
  return { ...outcome, spent: { bytes: allocated() - before, milliseconds } };
}

/** Throws unless a reader does with an input what readers must. */
export async function tryReader<I>({ size, read, check }: Reader<I>, input: I): Promise<void> {
  const given = size(input);
  const first = await spend(() => read(input));
  const { spent, error } = first;
  if (spent.milliseconds > SECOND) throw new Error(`took ${Math.round(spent.milliseconds)} ms for ${given} bytes`);
  const most = FACTOR * given + FLOOR;
  if (spent.bytes > most) {
    // once more from a collected heap: what other cases left is not this one's
    globalThis.gc?.();
    const again = await spend(() => read(input));
    if (again.spent.bytes > most) throw new Error(`allocated ${again.spent.bytes} bytes for an input of ${given}`);
  }
  if ("error" in first) {
    const wrong = unclean(error);
    if (wrong !== undefined) throw new Error(wrong, { cause: error });
  } else await check?.(first.value, input);
}

/** A case as a line that can be pasted: what a buffer holds rather than a list of numbers. */
export function show(value: unknown): string {
  const text = JSON.stringify(value, (_, at: unknown) => {
    if (at instanceof Uint8Array) {
      const head = Buffer.from(at.subarray(0, 400)).toString("latin1");
      return at.length > 400 ? `${head}... (${at.length} bytes)` : head;
    }
    if (typeof at === "bigint") return `${at}n`;
    if (typeof at === "number" && !Number.isFinite(at)) return String(at);
    if (at instanceof Map) return [...at];
    return at;
  });
  return text === undefined ? String(value) : text.length > 1200 ? `${text.slice(0, 1200)}...` : text;
}

/** Runs a property as a batch; fast-check shrinks what fails. */
export async function batchOf<T>(
  cases: fc.Arbitrary<T>,
  attempt: (at: T) => void | Promise<void>,
  {
    seed,
    runs,
    mark,
    print = show,
  }: { seed: number; runs: number; mark: (index: number) => void; print?: (at: T) => string },
): Promise<Batch> {
  let tried = 0;
  const property = fc.asyncProperty(cases, async (at) => {
    mark(tried++);
    await attempt(at);
  });
  const found = await fc.check(property, { seed, numRuns: runs, interruptAfterTimeLimit: 40_000 });
  if (!found.failed || found.counterexample === null) return { cases: found.numRuns, findings: [] };
  const error = found.errorInstance;
  const what = error instanceof Error ? error.message : String(error);
  const [example] = found.counterexample;
  return { cases: tried, findings: [{ what, example: print(example) }] };
}

/** A reader as a part of a kind. */
export function partOf<I>(reader: Reader<I>): Part {
  return {
    name: reader.name,
    batch: (seed, mark) =>
      batchOf(reader.inputs, (input) => tryReader(reader, input), { seed, runs: reader.runs ?? 1000, mark }),
  };
}
