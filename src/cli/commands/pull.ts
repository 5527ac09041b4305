// moiety pull: the flags; the work is loaded when it is wanted.
import type { CommandModule } from "yargs";
import type { PullArguments } from "../flower/pull.ts";
import { memberFlags } from "../flower/flags.ts";

export const pullCommand: CommandModule<object, PullArguments> = {
  command: "pull <url>",
  describe: "fetch a federation's published generalist without taking part, and personalize it",
  builder: (yargs) =>
    memberFlags(
      yargs.positional("url", {
        type: "string",
        demandOption: true,
        describe: "the published folder, or its generalist.json",
      }),
    )
      .option("publisher", {
        type: "string",
        demandOption: true,
        describe: "the publisher's public key in base64, or a file with it (publisher.pub)",
      })
      .option("since", { type: "number", default: 0, describe: "refuse a model of an earlier round" })
      .option("older", {
        type: "boolean",
        default: false,
        describe: "take a model of an earlier round than the one in the folder",
      })
      .option("personalize", {
        type: "boolean",
        default: true,
        describe: "train specialist and gate on own rows; --no-personalize only fetches",
      })
      .example("$0 pull https://models.example/fashion --publisher KEY --client 7", "an opted-out client")
      .example("$0 pull https://models.example/fashion --publisher publisher.pub --no-personalize", "the model alone"),
  handler: async (args) => (await import("../flower/pull.ts")).pull(args),
};
