// moiety flower up and relay: the flags; the work is loaded when it is wanted.
import type { CommandModule } from "yargs";
import { gateFlag } from "../flower/flags.ts";
import type { UpArguments } from "../flower/up.ts";

export const flowerCommand: CommandModule<object, UpArguments & { action: string }> = {
  command: "flower <action>",
  describe:
    "the server of a Flower federation: `up` explains it, or with --start runs it here; `relay` runs a method's rounds",
  builder: (yargs) =>
    yargs
      .positional("action", { choices: ["up", "relay"], demandOption: true, describe: "what to do" })
      .option("method", {
        type: "string",
        array: true,
        defaultDescription: "Flower's FedAvg",
        describe: "a method of moiety's (see moiety methods) or a module of one's own",
      })
      .option("config", {
        type: "string",
        default: "quick",
        describe: "preset or config.json, as the clients have it; with --method",
      })
      .option("set", {
        type: "string",
        array: true,
        defaultDescription: "nothing",
        describe: "any field of the config (see moiety config), or a method's option: ditto.lambda=0.1",
      })
      .option("gate", gateFlag)
      .option("data", {
        type: "string",
        defaultDescription: "MOIETY_DATA, Debian's package, the bundled part",
        describe: "folder with the dataset; with --method",
      })
      .option("answer-seconds", {
        type: "number",
        default: 3600,
        describe: "how long a client is waited for, be it away or silent; with --method",
      })
      .option("audit", {
        type: "boolean",
        default: false,
        describe: "also log what clients sent, in rounds/audit.jsonl; with --method",
      })
      .option("secure", {
        type: "boolean",
        default: false,
        describe: "see sums of clients' updates alone, which they mask; with --method, clients join with --secure",
      })
      .option("out", { type: "string", default: "federation", describe: "folder for checkpoints and the generalist" })
      .option("rounds", {
        type: "number",
        defaultDescription: "10 of FedAvg, else the config's",
        describe: "rounds at most",
      })
      .option("min-nodes", {
        type: "number",
        default: 2,
        describe: "clients to wait for; keep it below how many there are",
      })
      .option("port", { type: "number", default: 8000, describe: "port of the SuperLink" })
      .option("door", {
        type: "number",
        default: 8443,
        describe: "port that clients on other machines use, through Envoy; with --cert",
      })
      .option("origin", { type: "string", default: "*", describe: "pages that may take part, by their origin" })
      .option("weights", {
        type: "string",
        defaultDescription: "what most clients offer",
        describe: "safetensors to start from",
      })
      .option("start", { type: "boolean", default: false, describe: "run it on 127.0.0.1, until the rounds are done" })
      .option("resume", {
        type: "boolean",
        default: false,
        describe: "go on after the last checkpoint in the folder",
      })
      .option("bin", {
        type: "string",
        defaultDescription: "the PATH",
        describe: "folder with flower-superlink and flwr",
      })
      .option("cert", {
        type: "string",
        defaultDescription: "none: plain text",
        describe: "TLS certificate of the server (PEM)",
      })
      .option("cert-key", { type: "string", defaultDescription: "none", describe: "its private key" })
      .option("ca", {
        type: "string",
        defaultDescription: "none",
        describe: "certificate of the authority that signed it",
      })
      .option("authentication", {
        type: "boolean",
        default: false,
        describe: "let in registered node keys only; needs TLS",
      })
      .option("open", { type: "boolean", default: false, describe: "open the door of --cert to anybody who finds it" })
      .example("$0 flower up", "write the folder, print the commands")
      .example("$0 flower up --start --rounds 5 --min-nodes 2", "a trial on this machine")
      .example(
        "$0 flower up --start --method ditto --set clients=2 federation.cohort=2",
        "Ditto, between two clients",
      ) as never,
  handler: async (args) =>
    args.action === "relay"
      ? (await import("../flower/relay.ts")).relay(args)
      : (await import("../flower/up.ts")).up(args),
};
