// Experts choose their clients (FedAMoLE, Zhang et al. 2024): each the few whose rows are likest to what it looks for, so that all clients
// have enough, and none too many.
import { fold, type Key, Stream } from "../../runtime/random.ts";
import { softmaxAt } from "../mixed.ts";
import type { To, Vector, Vectors } from "../method.ts";
import { posted } from "../servers.ts";
import { dot } from "../vectors.ts";
import { expertAt } from "./loraExperts.ts";
import { assignment } from "./transport.ts";

export interface Choices {
  /** Experts of a layer. */
  readonly experts: number;
  /** How many clients an expert has. */
  readonly choices: number;
  /** How many experts of a layer a client has at least, and at most. */
  readonly least: number;
  readonly most: number;
}

/** How much each expert would have each client: the softmax over clients of what it looks for on what their rows are. */
export function affinities(keys: readonly (Vector | undefined)[], tokens: readonly Vector[]): number[][] {
  return keys.map((key) => {
    // of one that nobody has had nothing is known
    if (!key) return tokens.map(() => 1 / tokens.length);
    return softmaxAt(tokens.map((token) => dot(key, token) / Math.sqrt(key.length)), 1); // prettier-ignore
  });
}

/**
 * Clients of every expert, ascending: the best by these values within the bounds. Where there are too many clients for all to have `least`,
 * experts have more of them; where there are too few, clients have more experts.
 */
export function chosenClients(values: readonly (readonly number[])[], { choices, least, most }: Choices): number[][] {
  const clients = values[0]?.length ?? 0;
  const each = Math.min(Math.max(choices, Math.ceil((least * clients) / values.length)), clients);
  const mean = (values.length * each) / clients;
  return assignment(values, {
    each,
    least: Math.min(least, Math.floor(mean)),
    most: Math.max(most, Math.ceil(mean)),
  });
}

/** The state with who has which experts of every layer: `held.site`, client numbers expert by expert. Nothing while nobody is known. */
export function reassigned(state: Vectors, sites: number, options: Choices): Vectors {
  const known = posted(state, "tokens");
  if (known.length === 0 || options.experts === 0) return state;
  const next: Record<string, Vector> = { ...state };
  const rank = known[0]!.vector.length / sites;
  for (let s = 0; s < sites; s++) {
    const keys = Array.from({ length: options.experts }, (_, e) => state[`key.${s}.${e}`]);
    const tokens = known.map(({ vector }) => vector.subarray(s * rank, (s + 1) * rank));
    const found = chosenClients(affinities(keys, tokens), options);
    next[`held.${s}`] = Float64Array.from(found.flat(), (at) => known[at]!.client);
  }
  return next;
}

/** A client's experts of a layer, ascending; `least` by chance where nothing is known of it. */
export function expertsOf(
  state: Vectors,
  site: number,
  { client, key }: Pick<To, "client" | "key">,
  options: Choices,
): number[] {
  const { experts, least } = options;
  const held = state[`held.${site}`];
  if (!held || !state[`tokens.${client}`]) return byChance(fold(key, "experts", site), experts, least);
  const each = held.length / experts;
  return Array.from({ length: experts }, (_, e) => e).filter((e) =>
    held.subarray(e * each, (e + 1) * each).includes(client),
  );
}

function byChance(key: Key, experts: number, count: number): number[] {
  return Array.from(new Stream(key).choose(experts, Math.min(count, experts))).sort((a, b) => a - b);
}

/** What a client is sent: the model, what is everybody's, and its experts. */
export function sentExperts(state: Vectors, sites: number, to: To, options: Choices): Vectors {
  const { model, adapters } = state;
  if (!adapters) return { model: model! };
  const names = Array.from({ length: sites }, (_, s) =>
    expertsOf(state, s, to, options).map((e) => expertAt(s, e)),
  ).flat();
  return { model: model!, adapters, ...Object.fromEntries(names.map((name) => [name, state[name]!])) };
}
