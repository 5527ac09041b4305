// moiety pull: the published generalist, checked byte by byte, for a client that sends nothing; then its own specialist
// and gate.
import { readFile } from "node:fs/promises";
import { pullGeneralist } from "../../federated/backends/flower/index.ts";
import { Folder } from "../folder.ts";
import { interruptible } from "../interrupt.ts";
import { memberSetup, personalizeMember, startMember } from "./member.ts";
import type { MemberArguments } from "./flags.ts";

export interface PullArguments extends MemberArguments {
  url: string;
  publisher: string;
  since: number;
  personalize: boolean;
}

/** Fetches, checks, and personalizes unless told not to. */
export async function pull(args: PullArguments): Promise<void> {
  const { url, since, client } = args;
  const key = await readFile(args.publisher, "utf8").catch(() => args.publisher);
  const { manifest, tensors, bytes } = await pullGeneralist(url, { key, since });
  console.log(
    `generalist after round ${manifest.round}, ${manifest.created}: ${manifest.tensors.length} tensors, ${(bytes.length / 1024).toFixed(0)} KiB; signature and SHA-256 are right`,
  );
  const folder = new Folder(args.out);
  await folder.write("generalist.safetensors", bytes);
  if (!args.personalize) return console.log(`kept in ${folder.path}/generalist.safetensors`);
  const setup = await memberSetup(args);
  const pool = await startMember({ setup });
  const { release } = interruptible("nothing is lost");
  try {
    await personalizeMember(pool, setup, client, tensors, folder);
  } finally {
    release();
    await pool.close();
  }
}
