// The server of FedMoE (Mei et al. 2024): it remembers how clients use experts and how they fare, gives each the experts it can hold, and
// changes them where a client no longer improves: once, and back for good where that was of no use.
import { fold, Stream } from "../../runtime/random.ts";
import type { Kit } from "../kit.ts";
import type { ServerSide, To, Update, Vector, Vectors } from "../method.ts";
import { posted, without } from "../servers.ts";
import { expertAt } from "./loraExperts.ts";
import { meanUsage, recommended, withinBudget } from "./subMixture.ts";

export interface Modular {
  readonly experts: number;
  /** The share of all experts that clients can hold: each from `least` to `most`, drawn for it. */
  readonly least: number;
  readonly most: number;
  /** Turns without a better score after which its experts are changed. */
  readonly patience: number;
  /** How many clients that are like it are asked. */
  readonly nearest: number;
}

/** How many experts a client can hold. */
export function budgetOf(
  { options: { key } }: Pick<Kit, "options">,
  client: number,
  size: number,
  { least, most }: Modular,
): number {
  const share = least + (Math.max(least, most) - least) * new Stream(fold(key, "budget", client)).uniform();
  return Math.max(1, Math.round(share * size));
}

/** Names of what is the server's own: never averaged, never sent. */
const isKnowledge = (name: string): boolean => /^(usage|score|mask|before|track|parted)(\.|$)/.test(name);

export class Structures {
  readonly #kit: Kit;
  readonly #size: number;
  readonly #options: Modular;

  /** @param layers that have experts */
  constructor(kit: Kit, layers: number, options: Modular) {
    [this.#kit, this.#size, this.#options] = [kit, layers * options.experts, options];
  }

  /** 1 for each expert that a client has. */
  maskOf(state: Vectors, client: number): Vector {
    const usage = state[`usage.${client}`] ?? meanUsage(posted(state, "usage").map(({ vector }) => vector), this.#size); // prettier-ignore
    return state[`mask.${client}`] ?? withinBudget(usage, { ...this.#options, budget: this.#budget(client) });
  }

  #budget(client: number): number {
    return budgetOf(this.#kit, client, this.#size, this.#options);
  }

  /** What a client is sent: the model and all experts, or its own where they have been parted. */
  sent(state: Vectors, { client }: Pick<To, "client">): Vectors {
    const all = without(state, isKnowledge);
    if (!state["parted"] || !all[expertAt(0, 0)]) return all;
    const mask = this.maskOf(state, client);
    const { experts } = this.#options;
    const names = Array.from(mask, (one, i) =>
      one > 0 ? [expertAt(Math.floor(i / experts), i % experts)] : [],
    ).flat();
    return { model: state["model"]!, ...Object.fromEntries(names.map((name) => [name, state[name]!])) };
  }

  /** What is known once a client has told how it uses experts and fares. */
  learnt(state: Vectors, { client, up }: Update): Vectors {
    const [usage, score] = [up["usage"], up["score"]];
    if (!usage || !score) return {};
    const at = (name: string): string => `${name}.${client}`;
    const told = { [at("usage")]: usage };
    if (!state["parted"]) return told;
    const mask = this.maskOf(state, client);
    const now = score[0]!;
    const [best, stale, trying, settled] = Array.from(state[at("track")] ?? [now, -1, 0, 0]) as [
      number,
      number,
      number,
      number,
    ];
    const better = now < best;
    const track = (...values: number[]): Vectors => ({ [at("track")]: Float64Array.from(values) });
    const fixed = { ...told, [at("mask")]: mask };
    // the first turn with other experts decides on them
    if (trying === 1)
      return better
        ? { ...fixed, ...track(now, 0, 0, settled) }
        : { ...fixed, [at("mask")]: state[at("before")]!, ...track(best, 0, 0, 1) };
    if (better) return { ...fixed, ...track(now, 0, 0, settled) };
    if (stale + 1 < this.#options.patience || settled === 1) return { ...fixed, ...track(best, stale + 1, 0, settled) };
    const others = posted(state, "usage")
      .filter((one) => one.client !== client)
      .map((one) => ({ usage: one.vector, mask: this.maskOf(state, one.client) }));
    const next = recommended({ usage, mask }, others, { ...this.#options, budget: this.#budget(client) });
    const changed = next.some((one, i) => one !== mask[i]);
    return { ...told, [at("mask")]: next, [at("before")]: mask, ...track(best, 0, Number(changed), settled) };
  }
}

/** A server side that averages what is sent of experts and goes by the rest; from round `from` on clients have their own experts alone. */
export function modular(inner: ServerSide, structures: Structures, from: number): ServerSide {
  const parted = (round: number): Vectors => (round >= from ? { parted: Float64Array.of(1) } : {});
  return {
    ...inner,
    begin: (initial) => ({ ...inner.begin(initial), ...parted(0) }),
    gather: (state, round) => {
      const gathering = inner.gather(without(state, isKnowledge), round);
      let known: Vectors = Object.fromEntries(Object.entries(state).filter(([name]) => isKnowledge(name)));
      return {
        add: (update) => {
          gathering.add({ ...update, up: without(update.up, isKnowledge) });
          known = { ...known, ...structures.learnt(state, update) };
        },
        result: () => ({ ...gathering.result(), ...known, ...parted(round.round + 1) }),
      };
    },
    down: (state, to) => structures.sent(state, to),
  };
}
