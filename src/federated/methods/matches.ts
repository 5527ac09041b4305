// Which experts of which clients are alike, by the directions in which their gates find them (FedMoE-DA, Zhan et al. 2024).
import type { Vector, Vectors } from "../method.ts";
import { posted } from "../servers.ts";
import { cosine } from "../vectors.ts";
import { softmaxAt } from "../mixed.ts";

/** Whose expert, and how much of it is taken. */
export interface Match {
  readonly client: number;
  readonly expert: number;
  readonly weight: number;
}

/** An expert and the direction in which the gate finds it. */
export interface Column {
  readonly client: number;
  readonly expert: number;
  readonly direction: Vector;
}

/** An expert itself and the `peers` others that are most like it, by a softmax of their cosines. */
export function matches(of: Column, all: readonly Column[], { peers, tau }: { peers: number; tau: number }): Match[] {
  const others = all.filter(({ client, expert }) => client !== of.client || expert !== of.expert);
  const ranked = others.map((one) => ({ one, like: cosine(of.direction, one.direction) }));
  // a sort of equals keeps their order
  const near = ranked.toSorted((a, b) => b.like - a.like).slice(0, peers);
  const kept = [{ one: of, like: cosine(of.direction, of.direction) }, ...near];
  const weights = softmaxAt(
    kept.map(({ like }) => like),
    tau,
  );
  return kept.map(({ one: { client, expert } }, i) => ({ client, expert, weight: weights[i]! }));
}

/** The columns of a linear gate's weights and biases, one for each expert. */
export function columnsOf(gate: Vector, client: number, experts: number): Column[] {
  const width = gate.length / experts - 1;
  return Array.from({ length: experts }, (_, expert) => ({
    client,
    expert,
    direction: gate.subarray(expert * width, (expert + 1) * width),
  }));
}

export const expertOf = (e: number): string => `expert.${e}`;

/**
 * What a client is sent of others' experts, `peer.client.expert`, and what it makes of them: fours of which of its own experts takes of
 * whose, of which, and how much. Nothing where its gate is not known.
 */
export function matched(
  state: Vectors,
  client: number,
  { experts, ...near }: { readonly experts: number; readonly peers: number; readonly tau: number },
): Vectors {
  const all = posted(state, "column").flatMap((one) => columnsOf(one.vector, one.client, experts));
  const found = all
    .filter((column) => column.client === client)
    .flatMap((column) => matches(column, all, near).map((match) => ({ to: column.expert, ...match })));
  if (found.length === 0) return {};
  const peers = found
    .filter((match) => match.client !== client)
    .map((match) => [`peer.${match.client}.${match.expert}`, state[`${expertOf(match.expert)}.${match.client}`]!]);
  const flat = found.flatMap((match) => [match.to, match.client, match.expert, match.weight]);
  return { ...(Object.fromEntries(peers) as Vectors), matches: Float64Array.from(flat) };
}
