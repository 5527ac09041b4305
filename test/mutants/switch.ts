// Which mutant is awake, and which were come by. Sources with mutants in them ask `mutant(number)`.
let awake = -1;
let met: Uint8Array = new Uint8Array();

export function mutant(number: number): boolean {
  met[number] = 1;
  return number === awake;
}

/** Wakes one mutant, or none with -1. */
export function wake(number: number): void {
  awake = number;
}

/** Forgets which were met, of so many. */
export function watch(count: number): Uint8Array {
  return (met = new Uint8Array(count));
}
