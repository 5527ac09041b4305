// The end of a federation as a node hears of it: what its client is sent of each method, and which of its own states belong
// to that.
import { instructionOf } from "../federated/backends/flower/instruction.ts";
import type { KeptStates } from "../federated/backends/flower/index.ts";
import type { Content } from "../federated/backends/flower/records.ts";
import type { Vector, Vectors } from "../federated/method.ts";
import { checkFinite } from "../nn/finite.ts";
import type { Held } from "./personalize.ts";
import type { HeldOf, Standing } from "./clock.ts";
import type { Found } from "./following.ts";

/** By a method's name: how many rounds there were, and the round whose state the client is at, if it has one. */
export type Standings = Readonly<
  Record<string, { readonly round: number; readonly best: Kept; readonly last?: Kept | undefined }>
>;

interface Kept {
  readonly kept: number | null;
}

export interface Farewell {
  readonly federation: string;
  /** What the client holds, as its private part wants it. */
  readonly held: Held;
}

const followers = ["calibration", "gaussians"] as const;

/** What a farewell says, if it is that of a method's server. */
export async function farewellOf(
  { arrays, configs }: Content,
  states: KeptStates,
  client: number,
): Promise<Farewell | undefined> {
  const { order } = instructionOf(configs);
  const text = [...configs.values()].map((config) => config.get("standings")).find((value) => value !== undefined);
  if (!order || text === undefined) return undefined;
  const { federation } = order;
  const standings = parsed(text);
  const tensors = [...arrays.values()][0] ?? new Map<string, never>();
  const downOf = (method: string, moment: string): Vectors => {
    const prefix = `${method}/${moment}/`;
    const found: Record<string, Vector> = {};
    for (const [name, { data }] of tensors) {
      if (!name.startsWith(prefix)) continue;
      if (!(data instanceof Float32Array || data instanceof Float64Array))
        throw new RangeError(`farewell: ${name}, got ${data.constructor.name}, expected float32 or float64`);
      checkFinite("farewell", name, data);
      found[name.slice(prefix.length)] = data;
    }
    return found;
  };
  const standing = async (method: string, moment: string, { kept }: Kept): Promise<Standing> => ({
    down: downOf(method, moment),
    kept: await states.get({ federation, method, client }, kept ?? undefined),
  });
  // what followed, where something did
  const foundOf = (method: string): Found =>
    Object.fromEntries(
      followers.flatMap((kind) => {
        const vectors = downOf(method, kind);
        return Object.keys(vectors).length > 0 ? [[kind, vectors]] : [];
      }),
    );
  const held: Record<string, HeldOf> = {};
  for (const [method, { round, best, last }] of Object.entries(standings))
    held[method] = {
      ...(await standing(method, "best", best)),
      ...foundOf(method),
      round,
      ...(last && { last: await standing(method, "last", last) }),
    };
  return { federation, held };
}

function parsed(text: unknown): Standings {
  const isRound = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const isKept = (value: unknown): boolean =>
    typeof value === "object" && value !== null && "kept" in value && (value.kept === null || isRound(value.kept));
  try {
    const found = JSON.parse(String(text)) as Standings;
    const fine = Object.entries(found).every(
      ([name, { round, best, last }]) =>
        /^[a-z][a-z0-9-]*$/.test(name) && isRound(round) && isKept(best) && (last === undefined || isKept(last)),
    );
    if (fine) return found;
  } catch {
    // said below
  }
  throw new RangeError(`farewell: standings, got ${String(text).slice(0, 80)}, expected rounds by method`);
}
