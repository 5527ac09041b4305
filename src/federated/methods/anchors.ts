// Who trains which of a server's experts (FedJETs, Dun et al. 2023).
import { Stream } from "../../runtime/random.ts";
import type { To, Vector, Vectors } from "../method.ts";
import { posted } from "../servers.ts";
import { squaredDistance } from "../vectors.ts";

/** Somebody and a vector of theirs. */
export interface Known {
  readonly client: number;
  readonly vector: Vector;
}

/** So many clients that are far apart: the first, and then each time the one that is furthest from all chosen before. */
export function farApart(clients: readonly Known[], count: number): number[] {
  const chosen: Known[] = clients.slice(0, 1);
  while (chosen.length < Math.min(count, clients.length)) {
    const ranked = clients.map((one) => ({
      one,
      far: Math.min(...chosen.map(({ vector }) => squaredDistance(vector, one.vector))),
    }));
    chosen.push(ranked.reduce((best, next) => (next.far > best.far ? next : best)).one);
  }
  return chosen.map(({ client }) => client);
}

/** The k best by score, ascending; `must` is among them. */
export function best(scores: ArrayLike<number>, k: number, must?: number): number[] {
  const ranked = Array.from(scores, (score, e) => ({ e, score: e === must ? Infinity : score }));
  // a sort of equals keeps their order
  const chosen = ranked.sort((a, b) => b.score - a.score).slice(0, k);
  return chosen.map(({ e }) => e).sort((a, b) => a - b);
}

/** Which experts a client is sent, and which of them it is the anchor of, if any (-1): all it is asked about, but k to train. */
export function chosenExperts(
  state: Vectors,
  { client, purpose, key }: Pick<To, "client" | "purpose" | "key">,
  { experts, k }: { readonly experts: number; readonly k: number },
): { readonly of: readonly number[]; readonly anchor: number } {
  const anchor = farApart(posted(state, "law"), experts).indexOf(client);
  if (purpose !== "turn") return { of: Array.from({ length: experts }, (_, e) => e), anchor };
  // of whom nothing is known gets some by chance
  const stream = new Stream(key);
  const scores = state[`scores.${client}`] ?? Array.from({ length: experts }, () => stream.uniform());
  return { of: best(scores, k, anchor), anchor };
}
