// A process watched from outside, by what Linux says of it under /proc: its time on processors and its memory, whatever it does.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** A hundred a second, on every Linux that Node runs on. */
const TICK = 0.01;
const EVERY_MS = 10;

/** What a process had used at some moment. */
export interface Usage {
  /** Since it began. */
  readonly seconds: number;
  /** Of all its threads, on processors. */
  readonly processorSeconds: number;
}

export interface Watching {
  /** A line that it printed. */
  readonly onLine: (line: string, usage: Usage) => void;
  /** Every few milliseconds. */
  readonly onTick: (usage: Usage) => void;
}

/** Runs Node on these words to its end; the most memory it had, in bytes. An Error where it ends with a code. */
export async function watched(words: readonly string[], { onLine, onTick }: Watching): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  let most = 0;
  let processorSeconds = 0;
  const usage = (): Usage => {
    processorSeconds = processorOf(child) ?? processorSeconds;
    return { seconds: (performance.now() - began) / 1000, processorSeconds };
  };
  const timer = setInterval(() => {
    most = Math.max(most, memoryOf(child) ?? 0);
    onTick(usage());
  }, EVERY_MS);
  createInterface({ input: child.stdout }).on("line", (line) => onLine(line, usage()));
  try {
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    if (code !== 0) throw new Error(`${words.join(" ")}: ended with ${signal ?? code}`);
  } finally {
    clearInterval(timer);
  }
  return most;
}

// user and system time are fields 14 and 15; the second, a name in brackets, may have spaces
function processorOf(child: ChildProcess): number | undefined {
  const fields = procOf(child, "stat")
    ?.replace(/^.*\) /s, "")
    .split(" ");
  return fields && TICK * (Number(fields[11]) + Number(fields[12]));
}

function memoryOf(child: ChildProcess): number | undefined {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(procOf(child, "status") ?? "") ?? [];
  return kibibytes === undefined ? undefined : 1024 * Number(kibibytes);
}

// undefined once it has ended
function procOf(child: ChildProcess, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${child.pid}/${file}`, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code!)) return undefined;
    throw error;
  }
}
