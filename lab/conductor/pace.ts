// How fast rounds may follow each other: waiting between them changes no number.

let milliseconds = 0;

/** Sets the rest before every round, from the next one on. */
export function setPace(rest: number): void {
  milliseconds = rest;
}

/** Waits until the next round may begin. */
export function paced(): Promise<void> {
  return milliseconds > 0 ? new Promise((resolve) => setTimeout(resolve, milliseconds)) : Promise.resolve();
}
