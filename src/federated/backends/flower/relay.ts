// The way from a round loop of ours to the nodes of a Flower federation: a ServerApp that hands messages on and knows no
// method (flower/moiety_flower/relay.py). What goes over it is an exchange: messages out, and replies to earlier ones in.
import type { TensorData } from "../../../io/dtype.ts";

export type Settings = Readonly<Record<string, number | boolean | string>>;

/** A message to a node. */
export interface Posted {
  readonly node: string;
  /** `train`, `evaluate`, `query` or one of them with a dot and a name. */
  readonly type: string;
  readonly arrays: readonly (readonly [name: string, array: TensorData])[];
  readonly config: Settings;
}

export interface Exchange {
  readonly push: readonly Posted[];
  /** Ids of messages whose replies are wanted. */
  readonly pull: readonly string[];
}

/** A node's reply, or the SuperLink's in its place. */
export interface Replied {
  /** Id of the message that it replies to. */
  readonly id: string;
  readonly error?: { readonly code: number; readonly reason: string };
  readonly arrays: ReadonlyMap<string, TensorData>;
  /** As the node says; null for what is no finite number. */
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
}

export interface Heard {
  /** Nodes that are online, in no order. */
  readonly nodes: readonly string[];
  /** Ids of the pushed messages, in their order; "" for one that found no node. */
  readonly pushed: readonly string[];
  readonly replies: readonly Replied[];
}

export interface Relay {
  /** Rejects with a LostError where whoever relayed is gone, and with it every message that was under way. */
  exchange(exchange: Exchange): Promise<Heard>;
  /** Tells whoever relays that all is over. */
  close(): Promise<void>;
}

/** The relay is gone; the next exchange finds another. */
export class LostError extends Error {
  override readonly name = "LostError";
}
