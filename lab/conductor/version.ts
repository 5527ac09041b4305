// Which build of the page this is. The build writes the hash of all its scripts in place of the word: see scripts/lab.ts.

/** The same in two tabs that would compute the same. */
export const VERSION = "moiety-lab-build";
