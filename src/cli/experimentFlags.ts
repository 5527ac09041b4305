// Flags that change an experiment, the same for every command that runs one.
import { availableParallelism } from "node:os";
import type { Argv } from "yargs";
import { ConfigError } from "../experiment/config.ts";
import { preset } from "../experiment/presets.ts";
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

const quick = preset("quick");

/** What holds where a flag that stands for a field is not given: the experiment says it, as the quick one does. */
export function usual(flag: keyof typeof fields): string {
  const value = fields[flag].split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], quick);
  return `the experiment's, ${String(value)} in quick`;
}

/** Flags that change an experiment, for every command that runs one. */
export function experimentFlags<T>(yargs: Argv<T>): Argv<T> {
  return yargs
    .option("p", {
      type: "number",
      defaultDescription: usual("p"),
      describe: "fraction of a client's rows from its two majority classes, 0 to 1",
    })
    .option("opt-out", {
      type: "number",
      defaultDescription: usual("opt-out"),
      describe: "fraction of clients that never send anything, 0 to 1",
    })
    .option("own-rows-kept-back", {
      type: "number",
      defaultDescription: usual("own-rows-kept-back"),
      describe: "fraction of a client's own rows that the federation never uses, 0 to 1",
    })
    .option("fidelity", {
      choices: ["paper", "authors-code"],
      defaultDescription: usual("fidelity"),
      describe: "the method as meant, or the authors' code bug for bug",
    })
    .option("gate", gateFlag)
    .option("clients", { type: "number", defaultDescription: usual("clients"), describe: "number of clients" })
    .option("rounds", { type: "number", defaultDescription: usual("rounds"), describe: "federated rounds at most" })
    .option("data", {
      type: "string",
      defaultDescription: "MOIETY_DATA, Debian's package, the bundled part",
      describe: "folder with the dataset",
    })
    .option("workers", {
      type: "number",
      default: availableParallelism(),
      defaultDescription: "one a core",
      describe: "worker threads; the numbers do not depend on it",
    })
    .option("method", {
      type: "string",
      array: true,
      defaultDescription: "none: FedAvg, and the paper's methods made from it",
      describe: "federated methods to compare (see moiety methods), or modules of one's own: ditto,fedrep,./mine.js",
    })
    .option("preset", {
      type: "string",
      array: true,
      defaultDescription: "as the experiment trains",
      describe: "how a method was run by its paper or a library (see moiety methods NAME): ditto=paper",
    })
    .option("set", {
      type: "string",
      array: true,
      defaultDescription: "nothing",
      describe:
        "any field of the config (see moiety config), as in federation.lr=0.001, or a method's option: ditto.lambda=0.1",
    })
    .option("out", { type: "string", defaultDescription: "a new one under runs/", describe: "folder to write" });
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
