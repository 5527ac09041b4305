// Ctrl-C, once: finish what must be whole, write a checkpoint, say how to go on. Twice: stop at once.

export interface Interruptible {
  readonly signal: AbortSignal;
  release(): void;
}

/** Listens for SIGINT and SIGTERM until released. */
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
  return {
    signal: controller.signal,
    release() {
      process.off("SIGINT", heard);
      process.off("SIGTERM", heard);
    },
  };
}
