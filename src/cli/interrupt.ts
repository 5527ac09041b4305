// Ctrl-C, once: finish what must be whole, write a checkpoint, say how to go on. Twice: stop at once. Whoever closes the pipe
// that is printed into (`| head`) wants no more of it, and is told nothing.

export interface Interruptible {
  readonly signal: AbortSignal;
  release(): void;
}

/** The exit code of a program that was ended by a closed pipe. */
const CLOSED = 141;

let closed = false;
let stopQuietly: (() => void) | undefined;

/** Lets a closed pipe end the program: what goes on is stopped as by Ctrl-C, without a word. */
export function onClosedPipe(): void {
  const failed = (error: NodeJS.ErrnoException): void => {
    if (closed) return;
    closed = true;
    // a full disk under what is printed into
    if (error.code !== "EPIPE") console.error(`moiety: cannot print, ${error.message}`);
    if (!stopQuietly) process.exit(CLOSED);
    stopQuietly();
    process.on("exit", () => {
      process.exitCode = CLOSED;
    });
  };
  process.stdout.on("error", failed);
  process.stderr.on("error", failed);
}

/** Listens for SIGINT and SIGTERM, and for a closed pipe, until released. */
export function interruptible(resume: string): Interruptible {
  const controller = new AbortController();
  const heard = (): void => {
    if (controller.signal.aborted) {
      console.error(`\nstopped; the last checkpoint is good: ${resume}`);
      process.exit(130);
    }
    console.error("\nstopping after this step; once more to stop at once");
    controller.abort();
  };
  process.on("SIGINT", heard);
  process.on("SIGTERM", heard);
  stopQuietly = () => controller.abort();
  if (closed) controller.abort();
  return {
    signal: controller.signal,
    release() {
      process.off("SIGINT", heard);
      process.off("SIGTERM", heard);
      stopQuietly = undefined;
    },
  };
}
