// Flags that change an experiment, the same for every command that runs one.
import { availableParallelism } from "node:os";
import type { Argv } from "yargs";
import { ConfigError } from "../experiment/config.ts";
import { gateFlag } from "./flower/flags.ts";
import { quoted } from "./invocation.ts";

/** Flags that stand for a field of the config. */
export const fields = {
  p: "partition.p",
  "opt-out": "optOut",
  "own-rows-kept-back": "ownRowsKeptBack",
  fidelity: "fidelity",
  clients: "clients",
  rounds: "federation.rounds",
  seed: "seed",
} as const;

/** Flags that change an experiment, for every command that runs one. */
export function experimentFlags<T>(yargs: Argv<T>): Argv<T> {
  return yargs
    .option("p", { type: "number", describe: "fraction of a client's rows from its two majority classes, 0 to 1" })
    .option("opt-out", { type: "number", describe: "fraction of clients that never send anything, 0 to 1" })
    .option("own-rows-kept-back", {
      type: "number",
      describe: "fraction of a client's own rows that the federation never uses, 0 to 1",
    })
    .option("fidelity", {
      choices: ["paper", "authors-code"],
      describe: "the method as meant, or the authors' code bug for bug",
    })
    .option("gate", gateFlag)
    .option("clients", { type: "number", describe: "number of clients" })
    .option("rounds", { type: "number", describe: "federated rounds at most" })
    .option("data", {
      type: "string",
      describe: "folder with the dataset; else MOIETY_DATA, Debian's package, the bundled part",
    })
    .option("workers", {
      type: "number",
      default: availableParallelism(),
      describe: "worker threads; the numbers do not depend on it",
    })
    .option("method", {
      type: "string",
      array: true,
      describe: "federated methods to compare (see moiety methods), or modules of one's own: ditto,fedrep,./mine.js",
    })
    .option("preset", {
      type: "string",
      array: true,
      describe: "how a method was run by its paper or a library (see moiety methods NAME): ditto=paper",
    })
    .option("set", {
      type: "string",
      array: true,
      describe: "any field of the config, as in federation.lr=0.001, or a method's option: ditto.lambda=0.1",
    })
    .option("out", { type: "string", describe: "folder to write; default a new one under runs/" });
}

/** Refuses a number of workers that is none. */
export function checkWorkers(workers: number): void {
  if (!(Number.isInteger(workers) && workers >= 1))
    throw new ConfigError(`--workers: got ${workers}, expected a whole number from 1`);
}

/** The flag that names the data folder, if the user did. */
export function dataFlag({ data }: { readonly data?: string | undefined }): string {
  return data === undefined ? "" : ` --data ${quoted(data)}`;
}
