// What the house asks of an error that bad input ends in.

// `op: what ...`, a file or a flag in front of it
const houseForm = /^[A-Za-z-][\w./-]*(?: [\w./-]+){0,4}: \S/;
const allowed = new Set(["RangeError", "FleetError", "TypeError", "SyntaxError", "ConfigError"]);

/** What is wrong with an error that a reader ended in; undefined if it is as the house has them. */
export function unclean(error: unknown): string | undefined {
  if (!(error instanceof Error)) return `threw ${String(error)}, which is no error`;
  const { name, message } = error;
  const said = `${name}: ${message.slice(0, 200)}`;
  if (!allowed.has(name)) return `ended in another class of error, ${said}`;
  if (!houseForm.test(message)) return `ended in an error that does not say where, ${said}`;
  return undefined;
}
