// A partition in a file of its own: a config names it by its path where a partition would stand, and here it is read into it, so
// that the config of a run folder repeats the run without the file.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigError } from "../experiment/index.ts";

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The config with its partition in it; a relative path is that of `folder`. There are as many clients as the file has. */
export async function withPartition(config: unknown, folder: string): Promise<unknown> {
  if (!isFields(config) || typeof config["partition"] !== "string") return config;
  const path = resolve(folder, config["partition"]);
  let given: unknown;
  try {
    given = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ConfigError(`partition: cannot read ${path}, ${(cause as Error).message}`);
  }
  if (!isFields(given) || !Array.isArray(given["clients"]))
    throw new ConfigError(`partition: ${path}, got no list of clients, expected a file as moiety partition writes it`);
  return { ...config, partition: { kind: "given", ...given }, clients: given["clients"].length };
}
