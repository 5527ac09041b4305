// Bytes that a federation's vectors take on their way.
import { covers } from "./outgoing.ts";
import type { Vectors } from "./turn.ts";

/** Of the vectors that clients were sent in order to train, and that they sent, so far. */
export type Bytes = {
  readonly down: number;
  readonly up: number;
  /** Of those down, what another client had sent as it is; there where a method has peers. */
  readonly peer?: number;
};

export function bytesOf(vectors: Vectors): number {
  return Object.values(vectors).reduce((n, { byteLength }) => n + byteLength, 0);
}

export class Traffic {
  readonly #peers: readonly string[];
  #down: number;
  #up: number;
  #peer: number;

  /** @param peers what of what a client is sent is another's: see Method.peers */
  constructor({ down, up, peer = 0 }: Bytes, peers: readonly string[] = []) {
    [this.#down, this.#up, this.#peer] = [down, up, peer];
    this.#peers = peers;
  }

  sent(down: Vectors): void {
    this.#down += bytesOf(down);
    for (const [name, { byteLength }] of this.#peers.length > 0 ? Object.entries(down) : [])
      if (this.#peers.some((declared) => covers(declared, name))) this.#peer += byteLength;
  }

  received(up: Vectors): void {
    this.#up += bytesOf(up);
  }

  get bytes(): Bytes {
    const both = { down: this.#down, up: this.#up };
    return this.#peers.length > 0 ? { ...both, peer: this.#peer } : both;
  }
}
