// Flags that say who a client of a federation is. Loads nothing of Flower: the command line reads flags of every command.
import type { Argv } from "yargs";

export interface MemberArguments {
  config: string;
  client: number;
  rows: string | undefined;
  data: string | undefined;
  method?: string[] | undefined;
  gate?: string | undefined;
  out: string;
}

/** The gate that a federation's config asks for, the same for server and clients. */
export const gateFlag = {
  choices: ["held-out", "posterior"],
  defaultDescription: "as published: learns on the specialist's rows",
  describe:
    "held-out: train the gate alone, on rows held out; posterior: beside it a gate that weighs by how likely an input is the client's own",
} as const;

/** Flags that say who the client is. */
export function memberFlags<T>(yargs: Argv<T>): Argv<T & MemberArguments> {
  return yargs
    .option("config", { type: "string", default: "quick", describe: "preset or config.json, the same for all clients" })
    .option("client", { type: "number", default: 0, describe: "which of the config's clients this is" })
    .option("rows", {
      type: "string",
      defaultDescription: "the config's partition",
      describe:
        'own rows instead of the config\'s partition: a JSON file {"train": [..], "validation": [..], "test": [..]}',
    })
    .option("data", {
      type: "string",
      defaultDescription: "MOIETY_DATA, Debian's package, the bundled part",
      describe: "folder with the dataset",
    })
    .option("set", {
      type: "string",
      array: true,
      defaultDescription: "nothing",
      describe: "any field of the config (see moiety config), as in federation.lr=0.001",
    })
    .option("method", {
      type: "string",
      array: true,
      defaultDescription: "FedAvg",
      describe: "the federation's method (see moiety methods), or a module of one's own",
    })
    .option("gate", gateFlag)
    .option("out", { type: "string", default: "client", describe: "folder for what the client keeps" }) as Argv<
    T & MemberArguments
  >;
}
