// One client of a federation from the command line: which rows it owns, the worker it trains on, and what it keeps.
import { readFile } from "node:fs/promises";
import type { ClientRows } from "../../data/index.ts";
import { type Config, ConfigError, loadNetworks, type Setup, setUp } from "../../experiment/index.ts";
import { type FlowerCalls, type FlowerSetup, ownSetup } from "../../experiment/flower.ts";
import { networks } from "../../experiment/networks.ts";
import { ClientFiles } from "../../experiment/clientFile.ts";
import { GENERALIST } from "../../experiment/chosenMethods.ts";
import { type Held, heldGeneralist } from "../../experiment/personalize.ts";
import { vectorOf } from "../../federated/backends/flower/index.ts";
import type { TensorData } from "../../io/dtype.ts";
import { encodeSafetensors } from "../../io/safetensors.ts";
import { methodOrder, methodStyle } from "../../report/index.ts";
import { startWorker } from "../../runtime/platform.ts";
import { type Pool, Threads } from "../../runtime/pool.ts";
import { configOf } from "../configOf.ts";
import type { Folder } from "../folder.ts";
import type { MemberArguments } from "./flags.ts";
import { openDataset } from "../dataset.ts";

/** The client's setup: its part of the config's partition, or the rows it names. */
export async function memberSetup(args: MemberArguments): Promise<Setup> {
  const { client, rows, data } = args;
  if (!(Number.isInteger(client) && client >= 0)) throw new ConfigError(`--client: got ${client}, expected 0 or more`);
  const config: Config = await configOf(args.config, args as unknown as Record<string, unknown>);
  await loadNetworks(config);
  const { dataset } = await openDataset(config, data);
  const setup = rows === undefined ? setUp(config, dataset) : ownSetup(config, dataset, client, await readRows(rows));
  if (client >= setup.clients.length)
    throw new ConfigError(`--client: got ${client}, expected 0 to ${setup.clients.length - 1}`);
  return setup;
}

async function readRows(path: string): Promise<ClientRows> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ConfigError(`--rows: cannot read ${path}, ${(cause as Error).message}`);
  }
  const numbers = (split: "train" | "validation" | "test"): Int32Array => {
    const found = (parsed as Record<string, unknown> | null)?.[split];
    if (!Array.isArray(found) || !found.every((row) => Number.isInteger(row)))
      throw new ConfigError(`--rows: ${split} in ${path} is no list of row numbers`);
    return Int32Array.from(found as number[]);
  };
  return { train: numbers("train"), validation: numbers("validation"), test: numbers("test") };
}

/** The worker that trains, so that this thread can keep the node alive. */
export async function startMember(setup: FlowerSetup): Promise<Pool<FlowerCalls>> {
  const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const port = await startWorker(new URL(`../../experiment/flowerWorker${extension}`, import.meta.url));
  return new Threads<FlowerCalls>([port], setup);
}

/** Trains specialist and gate around a generalist, keeps them in the folder, and prints what they are worth. */
export async function personalizeMember(
  pool: Pool<FlowerCalls>,
  setup: Setup,
  client: number,
  { round, tensors }: { readonly round: number; readonly tensors: ReadonlyMap<string, TensorData> },
  folder: Folder,
): Promise<void> {
  if (setup.config.posterior?.calibrate)
    console.log(
      "posterior: nobody has calibrated this generalist, so its gate weighs it as it is; moiety flower relay does",
    );
  const generalist = vectorOf(tensors, networks(setup.config, setup.dataset).expert.specs);
  await folder.write("generalist.safetensors", encodeSafetensors(tensors, { round: `${round}` }));
  await measureMember(pool, setup, client, heldGeneralist(generalist), folder);
}

/** Makes a client's own models of what a federation left it, keeps them in the folder, and prints what they are worth. */
export async function measureMember(
  pool: Pool<FlowerCalls>,
  setup: Setup,
  client: number,
  held: Held,
  folder: Folder,
): Promise<void> {
  console.log("training what stays here, and measuring");
  const [done] = await pool.map("personalize", [{ client, held }]);
  await new ClientFiles(folder, setup).save(held[GENERALIST]?.down["model"], done!);
  console.log(`\n${"method".padEnd(22)}local test  global test`);
  for (const method of methodOrder(Object.keys(done!.scores))) {
    const scores = done!.scores[method];
    if (scores)
      console.log(
        `${methodStyle(method).label.padEnd(22)}${scores.localTest.toFixed(2).padStart(10)}  ${scores.globalTest.toFixed(2).padStart(11)}`,
      );
  }
  console.log(`\nkept in ${folder.path}: clients/${client}.safetensors (what this client keeps)`);
}
