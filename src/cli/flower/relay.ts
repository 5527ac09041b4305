// moiety flower relay: the rounds of any method, in this process, with clients that are nodes of a Flower federation. Flower
// runs the relay between them; where that ends, be it with the SuperLink, another is started.
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { coordinate } from "../../experiment/coordinate.ts";
import { ConfigError, type RunEvent } from "../../experiment/index.ts";
import { type Driver, HttpRelay } from "../../federated/backends/flower/httpRelay.ts";
import type { MessengerEvent } from "../../federated/backends/flower/messenger.ts";
import { configOf } from "../configOf.ts";
import { openDataset } from "../dataset.ts";
import { privacyLines } from "../privacyLines.ts";
import { Folder } from "../folder.ts";
import { interruptible } from "../interrupt.ts";
import { flowerEnvironment, flowerHome, startRun } from "./server.ts";

export interface RelayArguments {
  config: string;
  method: string[] | undefined;
  set: string[] | undefined;
  gate?: string | undefined;
  data: string | undefined;
  out: string;
  rounds: number | undefined;
  port: number;
  bin: string | undefined;
  ca: string | undefined;
  resume: boolean;
  audit: boolean;
  secure: boolean;
  "answer-seconds": number;
}

/** Runs the rounds to their end, or to Ctrl-C; `--resume` goes on. */
export async function relay(args: RelayArguments): Promise<void> {
  const folder = resolve(args.out);
  if (!(args["answer-seconds"] > 0))
    throw new ConfigError(`--answer-seconds: got ${args["answer-seconds"]}, expected a number above 0`);
  flowerHome({ folder, ...args });
  const env = flowerEnvironment({ folder, ...args });
  const config = await configOf(args.config, args as unknown as Record<string, unknown>);
  const { dataset } = await openDataset(config, args.data);
  const store = new Folder(`${folder}/rounds`);
  const begun = (await store.read("config.json")) !== undefined;
  if (begun !== args.resume)
    throw new ConfigError(
      begun
        ? `--out: ${store.path} holds a federation; --resume goes on with it, another --out begins anew`
        : `--resume: ${store.path} holds no federation; leave --resume out to begin one`,
    );
  const { signal, release } = interruptible("the checkpoints are in the folder, --resume goes on from them");
  await store.alone(async () => {
    const way = await HttpRelay.listen({ start: (driver) => runRelay(driver, folder, env), signal });
    try {
      const result = await coordinate({
        config,
        dataset,
        store,
        relay: way,
        resume: args.resume,
        audit: args.audit,
        secure: args.secure,
        answerSeconds: args["answer-seconds"],
        signal,
        onEvent: show,
        onMessage: tell,
        onPromise: (line) => console.log(`privacy  ${line}`),
      });
      if (!result.finished) {
        console.log(`stopped at ${result.at}; go on with --resume`);
        process.exitCode = 130;
        return;
      }
      for (const [name, { rounds, bestRound }] of Object.entries(result.federations))
        console.log(`${name}: ${rounds} rounds, best after round ${bestRound}`);
      for (const line of privacyLines(result)) console.log(line);
      if (result.unheard.length > 0)
        console.log(`clients ${result.unheard.join(", ")} did not hear of the end; --resume tells them`);
      console.log(`the server's weights  ${result.weightsSha256}`);
      console.log(`in ${store.path}`);
    } finally {
      release();
    }
  });
}

/** Has Flower run the relay, and says what it says of trouble; resolves when that run has ended. */
async function runRelay({ url, token }: Driver, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  // a file, for a command line can be read by everybody on the machine
  const settings = `${folder}/relay.toml`;
  rmSync(settings, { force: true });
  writeFileSync(settings, `driver = "${url}"\ndriver-token = "${token}"\n`, { mode: 0o600 });
  const child = startRun(settings, env);
  let said = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.on("data", (part: Buffer) => (said = `${said}${part.toString()}`.slice(-4000)));
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(said.trim().split("\n").at(-1) ?? `flwr run ended with ${code}`);
}

function show(event: RunEvent): void {
  if (event.kind !== "round") return;
  const { round, method, trainLoss, validationAccuracy, refused = [] } = event;
  const of = method === undefined ? "" : `${method} `;
  const accuracy = validationAccuracy === undefined ? "" : `, validation ${validationAccuracy.toFixed(2)} %`;
  console.log(
    `${of}round ${round}${trainLoss === undefined ? "" : `: training loss ${trainLoss.toFixed(4)}`}${accuracy}`,
  );
  for (const { client, reason } of refused) console.log(`  without client ${client}: ${reason}`);
}

function tell(event: MessengerEvent): void {
  if (event.type === "here") console.log(`client ${event.client} is here, as node ${event.node}`);
  else if (event.type === "waiting") console.log(`waiting for client ${event.clients.join(", ")}`);
  else if (event.type === "again") console.log(`client ${event.client} is asked again: ${event.reason}`);
  else if (event.type === "left-out") console.log(`node ${event.node} is left out: ${event.reason}`);
  else console.log(`looking for another relay: ${event.reason}`);
}
