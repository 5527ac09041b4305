// The command line in processes of its own, as a person starts it.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const program = fileURLToPath(new URL("../../../scripts/moiety.mjs", import.meta.url));

export interface Command {
  readonly process: ChildProcess;
  /** What it has printed so far. */
  printed(): string;
  /** Its exit code, or the signal that ended it, and all that it printed. */
  readonly ended: Promise<{ readonly code: number | string | null; readonly printed: string }>;
}

const begun = new Set<ChildProcess>();

/** Ends what was started and has not ended: of a test that fails, the others would wait for ever. */
export function endCommands(): void {
  for (const child of begun) child.kill("SIGKILL");
}

/** Starts a command in a folder. */
export function begin(folder: string, ...args: string[]): Command {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  begun.add(child);
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (printed += part.toString()));
  const ended = new Promise<Awaited<Command["ended"]>>((resolve) =>
    child.once("exit", (code, signal) => {
      begun.delete(child);
      resolve({ code: code ?? signal, printed });
    }),
  );
  return { process: child, printed: () => printed, ended };
}

/** Runs a command to its end. */
export function moiety(folder: string, ...args: string[]): Command["ended"] {
  return begin(folder, ...args).ended;
}

/** Ends the SuperLink that a command left behind, which was killed; its group, for it starts other processes. */
export async function endSuperLink(port: string): Promise<void> {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "pid=,args="]);
  for (const line of stdout.split("\n"))
    if (/flower-superlink /.test(line) && line.includes(` --port ${port} `))
      process.kill(-Number.parseInt(line, 10), "SIGTERM");
}
