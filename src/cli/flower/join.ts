// moiety join: one client in a Flower federation, until the server says farewell; then its specialist and its gate.
import { readFile } from "node:fs/promises";
import { ConfigError } from "../../experiment/index.ts";
import {
  connect,
  describe,
  loadIdentity,
  pooledTrainer,
  type PrivacyOptions,
  runNode,
} from "../../federated/backends/flower/index.ts";
import type { NodeEvent } from "../../federated/backends/flower/index.ts";
import { jsonLine } from "../../io/jsonl.ts";
import { Folder } from "../folder.ts";
import { interruptible } from "../interrupt.ts";
import { memberSetup, personalizeMember, startMember } from "./member.ts";
import type { MemberArguments } from "./flags.ts";

export interface JoinArguments extends MemberArguments {
  address: string;
  key: string | undefined;
  ca: string | undefined;
  insecure: boolean;
  heartbeat: number;
  clip: number | undefined;
  epsilon: number | undefined;
  delta: number;
}

/** Joins, trains when asked, personalizes at the end. */
export async function join(args: JoinArguments): Promise<void> {
  const { address, client, insecure, heartbeat } = args;
  const privacy = privacyOf(args);
  const setup = await memberSetup(args);
  if (setup.clients[client]!.optedOut)
    throw new ConfigError(`client ${client} has opted out in this config; moiety pull gives it the generalist`);
  const folder = new Folder(args.out);
  const ca = args.ca === undefined ? undefined : await readFile(args.ca, "utf8");
  const transport = await connect(address, { ca, insecure });
  const identity = await loadIdentity(args.key ?? `${folder.path}/node.key`);
  const pool = await startMember({ setup, privacy });
  const { signal, release } = interruptible("leaving the federation at once");
  // lines in the order of what happened
  let writing: Promise<void> = Promise.resolve();
  try {
    const { reason, rounds, generalist } = await runNode({
      transport,
      identity,
      trainer: pooledTrainer(pool, client),
      heartbeatSeconds: heartbeat,
      signal,
      onEvent: (event) => {
        console.log(`client ${client}  ${describe(event)}`);
        if (event.type === "sent") writing = writing.then(() => folder.append("sent.jsonl", auditLine(event)));
      },
    });
    await writing;
    if (reason === "left") {
      console.log(`left after ${rounds} rounds; joining again goes on`);
      process.exitCode = 130;
      return;
    }
    if (generalist === undefined)
      throw new RangeError("join: the federation closed before its final generalist was fetched; moiety pull gets it");
    await personalizeMember(pool, setup, client, generalist.tensors, folder);
    console.log(`what left this client: ${folder.path}/sent.jsonl`);
  } finally {
    release();
    transport.close();
    await pool.close();
  }
}

function privacyOf({ clip, epsilon, delta }: JoinArguments): PrivacyOptions | undefined {
  if (epsilon !== undefined && clip === undefined)
    throw new ConfigError("--epsilon: noise is measured against the longest update; give --clip as well");
  if (clip === undefined) return undefined;
  return { clip, ...(epsilon === undefined ? {} : { noise: { epsilon, delta } }) };
}

function auditLine({ round, messageType, bytes, tensors, spent }: Extract<NodeEvent, { type: "sent" }>): string {
  const time = new Date().toISOString();
  return jsonLine({ time, round, messageType, bytes, tensors, ...(spent === undefined ? {} : { spent }) });
}
