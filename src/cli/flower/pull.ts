// moiety pull: the published generalist, checked byte by byte, for a client that sends nothing; then its own specialist
// and gate.
import { readFile } from "node:fs/promises";
import { ConfigError } from "../../experiment/index.ts";
import { pullGeneralist } from "../../federated/backends/flower/index.ts";
import { decodeSafetensors } from "../../io/safetensors.ts";
import { Folder } from "../folder.ts";
import { interruptible } from "../interrupt.ts";
import { memberSetup, personalizeMember, startMember } from "./member.ts";
import type { MemberArguments } from "./flags.ts";

export interface PullArguments extends MemberArguments {
  url: string;
  publisher: string;
  since: number;
  older: boolean;
  personalize: boolean;
}

/** Fetches, checks, and personalizes unless told not to. */
export async function pull(args: PullArguments): Promise<void> {
  const { url, client } = args;
  if (!(args.since >= 0)) throw new ConfigError(`--since: got ${args.since}, expected a round from 0`);
  const key = await readFile(args.publisher, "utf8").catch(() => args.publisher);
  const folder = new Folder(args.out);
  const held = await roundIn(folder);
  if (held > args.since && !args.older)
    console.log(`${folder.path} holds the generalist of round ${held}: nothing older is taken (--older takes it)`);
  const since = args.older ? args.since : Math.max(args.since, held);
  const { manifest, tensors, bytes } = await pullGeneralist(url, { key, since });
  console.log(
    `generalist after round ${manifest.round}, ${manifest.created}: ${manifest.tensors.length} tensors, ${(bytes.length / 1024).toFixed(0)} KiB; signature and SHA-256 are right`,
  );
  await folder.write("generalist.safetensors", bytes);
  if (!args.personalize) return console.log(`kept in ${folder.path}/generalist.safetensors`);
  const setup = await memberSetup(args);
  const pool = await startMember({ setup });
  const { release } = interruptible("nothing is lost");
  try {
    await personalizeMember(pool, setup, client, { round: manifest.round, tensors }, folder);
  } finally {
    release();
    await pool.close();
  }
}

/** The round of the generalist that the folder holds; 0 where it holds none, or one that does not say. */
async function roundIn(folder: Folder): Promise<number> {
  const bytes = await folder.read("generalist.safetensors");
  if (bytes === undefined) return 0;
  const round = Number(decodeSafetensors(bytes).metadata["round"]);
  return Number.isSafeInteger(round) && round > 0 ? round : 0;
}
