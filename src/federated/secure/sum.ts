// The server's part in a masked sum: adds what clients sent, and takes away the masks that have nobody on their other side, with the
// help of those who stayed.
import { agreed, type Bytes, pairOf, secretFrom, streamOf } from "./keys.ts";
import { type ByClient, type Keyed, maskKey, maskPurpose, thresholdOf } from "./member.ts";
import { addTo, type Elements, takeFrom, zeros } from "./ring.ts";

/** A round that came to nothing, as too few stayed. */
export class TooFewError extends RangeError {}

/** What a sum is made from. */
export interface Masked {
  readonly session: string;
  /** Everybody who took part when the shares were dealt. */
  readonly roster: readonly Keyed[];
  /** Who of them had sent shares: towards these masks were made. */
  readonly sharing: readonly number[];
  /** What came, by client. */
  readonly masked: ByClient<Elements>;
  /** Shares for each of `sharing`, by who says them. */
  readonly revealed: ByClient<ByClient<Bytes>>;
}

/** Throws where fewer clients of a roster are left than its shares need. */
export function checkEnough(left: number, of: number, what: string): void {
  const wanted = thresholdOf(of);
  if (left < wanted)
    throw new TooFewError(
      `secure: clients that ${what}, got ${left} of ${of}, expected ${wanted} at least; nothing of the round can be read, wait for more of them`,
    );
}

/** The sum of what the clients that answered had before they masked it. */
export async function unmasked({ session, roster, sharing, masked, revealed }: Masked): Promise<Elements> {
  checkEnough(masked.size, roster.length, "answered");
  checkEnough(revealed.size, roster.length, "gave their shares");
  const [first] = masked.values();
  const count = first!.length / 2;
  const sum = zeros(count);
  for (const elements of masked.values()) addTo(sum, elements);
  const keysOf = new Map(roster.map(({ client, keys }) => [client, maskKey(keys)]));
  const secret = (client: number): Promise<Bytes> =>
    secretFrom([...revealed.values()].map((shares) => shares.get(client)!));
  for (const client of sharing) {
    const found = await secret(client);
    if (masked.has(client)) {
      takeFrom(sum, await streamOf(found, count));
      continue;
    }
    // gone: what the others masked towards it has no other side
    const pair = await pairOf(found, keysOf.get(client)!);
    for (const other of masked.keys()) {
      const mask = await streamOf(await agreed(pair, keysOf.get(other)!, maskPurpose(session, client, other)), count);
      (other < client ? takeFrom : addTo)(sum, mask);
    }
  }
  return sum;
}
