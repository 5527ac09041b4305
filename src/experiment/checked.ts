// Files of a run folder on their way in: JSON, of the version that we write, and of a schema.
import * as v from "valibot";
import { recordVersion } from "../report/records.ts";
import { ConfigError } from "./config.ts";
import { place } from "./schema/values.ts";

/** The JSON in a file; a RangeError that names the file where it is empty, torn or none. */
export function readJson(bytes: Uint8Array, name: string): unknown {
  if (bytes.length === 0) throw new RangeError(`${name}: got an empty file, expected JSON; was its writing cut short?`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RangeError(`${name}: got no JSON, ${(cause as Error).message}; is it damaged?`, { cause });
  }
}

/** What a schema makes of it; a ConfigError that names file and field for what is of another version, or not of this form. */
export function checked<T extends v.GenericSchema>(
  schema: T,
  input: unknown,
  name: string,
  remedy = "is it of a run of moiety?",
): v.InferOutput<T> {
  const { version } = (input ?? {}) as { version?: unknown };
  if (version !== undefined && version !== recordVersion)
    throw new ConfigError(
      `${name}: version, got ${JSON.stringify(version)}, expected ${recordVersion}; read it with the moiety that wrote it`,
    );
  const found = v.safeParse(schema, input, { abortEarly: true });
  if (found.success) return found.output;
  const [issue] = found.issues;
  const path = place(issue);
  const wanted = issue.message.startsWith("Invalid") ? `expected ${issue.expected}` : issue.message;
  throw new ConfigError(`${name}: ${path ?? "content"}, got ${issue.received}, ${wanted}; ${remedy}`);
}
