// How this command line was called, so that what it suggests can be pasted.

/** `moiety`, or in a clone the npm script that runs it. */
export function invocation(): string {
  return process.env["npm_lifecycle_event"] ? "npm run -s moiety --" : "moiety";
}

/** A path or any other word as a shell takes it for one word. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
