// Clients that send each other their models, with no server between them. A board stands for the network: whoever has a turn finds
// there the newest models of the peers it asks, and takes what it likes of them before it trains its own.
import { Stream } from "../../runtime/random.ts";
import type { Key } from "../../runtime/random.ts";
import { log } from "../../runtime/scalar.ts";
import { answering } from "../answering.ts";
import type { Kit } from "../kit.ts";
import type { ClientSide, ServerSide, To, Turn, Vector, Vectors } from "../method.ts";
import type { Net } from "../../nn/net.ts";
import type { Steps } from "../../runtime/steps.ts";
import { type Board, noticeboard, posted } from "../servers.ts";
import { combination } from "../vectors.ts";

/** A peer's model, as it last sent it. */
export interface Peer {
  readonly client: number;
  readonly vector: Vector;
}

/** What a client looks at before it takes anything. */
export interface Offer<Kept extends string> {
  readonly turn: Turn<"model.*", Kept | "own">;
  readonly own: Vector;
  /** Those that were asked and have sent something so far, ascending. */
  readonly peers: readonly Peer[];
  /** A net to try models in. */
  readonly net: Net;
  /** The mean loss of a model on the client's training rows. */
  readonly lossOf: (model: Vector) => number;
}

/** What it takes, and what else it sends and keeps. */
export interface Taken<Up extends string, Kept extends string> {
  readonly from: Vector;
  readonly up: Readonly<Record<Up, Vector>>;
  readonly kept: Readonly<Record<Kept, Vector>>;
}

/** Trains the client's own model from what it takes of its peers'; keeps it and sends it. */
export function exchanging<Up extends string = never, Kept extends string = never>(
  kit: Kit,
  take: (offer: Offer<Kept>) => Taken<Up, Kept> | Steps<Taken<Up, Kept>>,
): ClientSide<"model" | Up, "model.*", "own" | Kept> {
  const net = kit.net();
  const optimizer = kit.optimizer(net.parameters);
  const side: ClientSide = {
    initial: () => ({}),
    *train(turn) {
      const own = turn.kept["own"] ?? kit.initial;
      const lossOf = (model: Vector): number => {
        net.parameters.copyFrom(model);
        return kit.lossOn(net, turn.own.train);
      };
      const peers = posted(turn.down, "model");
      const offer = { turn: turn as Offer<Kept>["turn"], own, peers, net, lossOf };
      const made = take(offer);
      const { from, up, kept } = "from" in made ? made : yield* made;
      net.parameters.copyFrom(from);
      const { trainLoss } = yield* kit.train({ turn, loss: kit.loss(net), optimizer, stream: "own" });
      const now = net.parameters.toArray();
      return { up: { model: now, ...up }, kept: { own: now, ...kept }, metrics: { trainLoss } };
    },
    answers({ kept }) {
      net.parameters.copyFrom(kept["own"] ?? kit.initial);
      return { own: answering(net) };
    },
  };
  return side as ClientSide<"model" | Up, "model.*", "own" | Kept>;
}

/** The mean of the own model and others. */
export function meanWith(own: Vector, peers: readonly Peer[]): Vector {
  const share = 1 / (peers.length + 1);
  return combination([[share, own], ...peers.map(({ vector }) => [share, vector] as const)]);
}

/** The board of a federation without a server; `ask` says whom a client asks for models in a round. */
export function network(
  ask: (state: Vectors, to: To, others: readonly number[]) => readonly number[],
  board: Board = {},
): ServerSide {
  return {
    ...noticeboard(board),
    // who answers does so with what it kept
    down: (state, to) => {
      if (to.purpose !== "turn") return {};
      const others = posted(state, "model").flatMap(({ client }) => (client === to.client ? [] : [client]));
      return Object.fromEntries(ask(state, to, others).map((peer) => [`model.${peer}`, state[`model.${peer}`]!]));
    },
  };
}

/** So many of some, without replacement, each by the exponential of its score; all alike unless said. Ascending. */
export function drawn(
  from: readonly number[],
  count: number,
  key: Key,
  score: (one: number) => number = () => 0,
): number[] {
  const stream = new Stream(key);
  // the largest of scores with Gumbel noise are such a draw
  const noisy = from.map((one) => ({ one, at: score(one) - log(-log(Math.max(stream.uniform(), 2 ** -60))) }));
  const chosen = noisy.sort((a, b) => b.at - a.at).slice(0, count);
  return chosen.map(({ one }) => one).sort((a, b) => a - b);
}

/** What is told of peers, flat: `width` numbers each of at most `count`, the rest -1, as what is sent has one size. */
export function told(rows: readonly (readonly number[])[], width: number, count: number): Float64Array {
  const flat = new Float64Array(width * count).fill(-1);
  flat.set(rows.flat());
  return flat;
}
