// What the tests against a real Flower share: a SuperLink, nodes on it, and everything that left them.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  clientTrainer,
  connect,
  createKeyPair,
  describe,
  identityOf,
  runNode,
} from "../../../src/federated/backends/flower/index.ts";
import type {
  ConnectOptions,
  FleetTransport,
  Identity,
  NodeEvent,
  NodeSummary,
  Participant,
  Trainer,
  Transfers,
} from "../../../src/federated/backends/flower/index.ts";
import { PushObjectRequest } from "../../../src/federated/backends/flower/messages.ts";
import { encodeSafetensors } from "../../../src/io/safetensors.ts";
import { sizeOfModel, smallModel } from "../support/clients.ts";
import { flowerEnvironment } from "../support/python.ts";
import { SuperLink } from "../support/superlink.ts";
import type { SuperLinkOptions } from "../support/superlink.ts";

/** A fresh folder below build/. */
export function scratch(name: string): string {
  const folder = fileURLToPath(new URL(`../../../build/flower/test/${name}`, import.meta.url));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

// the nodes of the test that runs, and what they said: a test that fails is explained by it, and leaves nobody behind
const present: Member[] = [];
let joinings = 0;
const said: string[] = [];

export interface FederationOptions extends Omit<SuperLinkOptions, "folder" | "bin"> {
  /** Seconds after which the test has failed: a ServerApp that dies leaves its nodes waiting for ever. */
  readonly limitSeconds?: number;
}

/** Runs `work` with a SuperLink of its own. */
export async function withSuperLink(
  name: string,
  { limitSeconds = 240, ...options }: FederationOptions,
  work: (link: SuperLink, folder: string) => Promise<void>,
): Promise<void> {
  const environment = flowerEnvironment();
  if ("missing" in environment) throw new Error(environment.missing);
  const folder = scratch(name);
  const link = await SuperLink.start({ folder, bin: environment.bin, ...options });
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name}: not done in ${limitSeconds} s`)), limitSeconds * 1000);
  });
  try {
    await Promise.race([work(link, folder), limit]);
  } catch (error) {
    const log = link.log().trimEnd().split("\n").slice(-80);
    console.log([`${name}: the nodes`, ...said, `${name}: the SuperLink`, ...log].join("\n"));
    throw error;
  } finally {
    clearTimeout(timer);
    for (const { leave } of present.splice(0)) leave();
    said.length = 0;
    await link.stop();
  }
}

export interface Member {
  readonly summary: Promise<NodeSummary>;
  readonly events: NodeEvent[];
  /** Every object that left it. */
  readonly pushed: Map<string, Uint8Array>;
  leave(): void;
}

export interface JoinOptions extends ConnectOptions {
  readonly client?: Participant;
  readonly trainer?: Trainer;
  readonly identity?: Identity;
  readonly heartbeatSeconds?: number;
  readonly pollSeconds?: readonly [number, number];
  readonly transfers?: Transfers;
}

/** A node on a SuperLink. */
export async function member(address: string, options: JoinOptions): Promise<Member> {
  const { client, identity, heartbeatSeconds = 10, pollSeconds = [0.3, 1], transfers, ca } = options;
  const number = joinings++;
  const pushed = new Map<string, Uint8Array>();
  const events: NodeEvent[] = [];
  const controller = new AbortController();
  const trainer = options.trainer ?? clientTrainer({ client: client! });
  const summary = runNode({
    transport: recording(await connect(address, { ca }), pushed),
    identity: identity ?? (await identityOf(await createKeyPair())),
    trainer,
    heartbeatSeconds,
    pollSeconds,
    ...(transfers && { transfers }),
    unregister: identity === undefined,
    signal: controller.signal,
    onEvent: (event) => {
      events.push(event);
      said.push(`${new Date().toISOString()} ${number}: ${describe(event)}`);
    },
  });
  // heard where it is awaited
  summary.catch(() => undefined);
  const joined = { summary, events, pushed, leave: () => controller.abort(new Error("leave")) };
  present.push(joined);
  return joined;
}

/** A transport that keeps a copy of every object on its way out. */
function recording(transport: FleetTransport, pushed: Map<string, Uint8Array>): FleetTransport {
  return {
    address: transport.address,
    close: () => transport.close(),
    unary: (rpc, request, credentials, call) => {
      if (rpc === "PushObject") {
        const { objectId, content } = PushObjectRequest.decode(request);
        pushed.set(objectId, content);
      }
      return transport.unary(rpc, request, credentials, call);
    },
  };
}

export const lines = ({ events }: Member): string[] => events.map(describe);

/** One tensor of the generalist that a node was left with. */
export function tensorOf({ generalist }: NodeSummary, name: string): number[] {
  return Array.from(generalist?.tensors.get(name)?.data ?? [], Number);
}

/** Until a condition holds; a run that never gets there fails by itself after so many seconds. */
export async function until(condition: () => boolean, seconds = 120): Promise<void> {
  for (let n = 0; n < 10 * seconds; n++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`until: waited ${seconds} s`);
}

/** The run's final status, once it has one. */
export async function finalStatus(link: SuperLink, runId: string): Promise<string> {
  for (let n = 0; n < 60; n++) {
    const status = await link.status(runId);
    if (status.startsWith("finished")) return status;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return link.status(runId);
}

/** Initial weights as a file: what a federation starts from when no client is asked. */
export function zerosFile(folder: string): string {
  const tensors = smallModel.map(
    ({ name, shape }) => [name, { shape, data: new Float32Array(sizeOfModel([{ name, shape }])) }] as const,
  );
  writeFileSync(`${folder}/zeros.safetensors`, encodeSafetensors(tensors));
  return `${folder}/zeros.safetensors`;
}
