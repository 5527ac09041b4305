// moiety join: the flags; the work is loaded when it is wanted.
import type { CommandModule } from "yargs";
import type { JoinArguments } from "../flower/join.ts";
import { memberFlags } from "../flower/flags.ts";

export const joinCommand: CommandModule<object, JoinArguments> = {
  command: "join <address>",
  describe: "take part in a Flower federation as one client",
  builder: (yargs) =>
    memberFlags(
      yargs.positional("address", {
        type: "string",
        demandOption: true,
        describe: "https://host:8000 (Flower 1.40 and later) or grpcs://host:9092 (before)",
      }),
    )
      .option("key", {
        type: "string",
        defaultDescription: "OUT/node.key",
        describe: "this node's key file; made if missing",
      })
      .option("ca", {
        type: "string",
        defaultDescription: "those of Node",
        describe: "PEM certificates to trust, for a SuperLink with its own authority",
      })
      .option("insecure", { type: "boolean", default: false, describe: "allow plain text to another machine" })
      .option("heartbeat", { type: "number", default: 30, describe: "seconds between heartbeats, 10 to 1800" })
      .option("clip", { type: "number", defaultDescription: "none", describe: "largest L2 norm of what a round sends" })
      .option("epsilon", {
        type: "number",
        defaultDescription: "none",
        describe: "hide each round's update with local differential privacy; needs --clip",
      })
      .option("delta", { type: "number", default: 1e-5, describe: "delta of --epsilon" })
      .option("budget", {
        type: "number",
        defaultDescription: "none",
        describe: "epsilon that all rounds together may cost, sessions before this one too; then nothing is answered",
      })
      .option("secure", {
        type: "boolean",
        default: false,
        describe:
          "mask what is sent, so that the server sees sums over clients alone; the server is started with it, too",
      })
      .example("$0 join https://flower.example:8000 --ca ca.pem --config quick --client 3", "client 3 of a preset")
      .example(
        "$0 join http://127.0.0.1:8000 --rows mine.json --clip 1 --epsilon 2 --budget 20",
        "own rows, hidden by noise",
      ),
  handler: async (args) => (await import("../flower/join.ts")).join(args),
};
