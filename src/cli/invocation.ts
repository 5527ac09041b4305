// How this command line was called, so that what it suggests can be pasted.

/** `moiety`, or in a clone the npm script that runs it. */
export function invocation(): string {
  return process.env["npm_lifecycle_event"] ? "npm run -s moiety --" : "moiety";
}
