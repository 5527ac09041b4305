// A client's part in one masked sum (Bonawitz et al. 2017, doi 10.1145/3133956.3133982, against a server that keeps to the protocol):
// it masks its numbers once, shares out what could take its masks away, and hands over for each of the others one of two things at most.
import {
  agreed,
  type Bytes,
  makePair,
  type Pair,
  PUBLIC_BYTES,
  random,
  seal,
  secretOf,
  SECRET_BYTES,
  SHARE_BYTES,
  sharesOf,
  streamOf,
  unseal,
} from "./keys.ts";
import { addTo, type Elements, takeFrom } from "./ring.ts";

/** A client and its two public keys of a round, that of its masks before that of its letters. */
export interface Keyed {
  readonly client: number;
  readonly keys: Bytes;
}

/** What somebody has for a client, by its number. */
export type ByClient<T> = ReadonlyMap<number, T>;

/** The fewest clients that a sum may be of: of two each could tell the other's. */
export const FEWEST = 3;
/** The most: a share's place is a byte. */
export const MOST = 255;

/** How many of so many must stay to the end: more than half, so that no two halves of them can be told different things. */
export function thresholdOf(clients: number): number {
  return Math.floor(clients / 2) + 1;
}

export const maskKey = (keys: Bytes): Bytes => keys.subarray(0, PUBLIC_BYTES);
const letterKey = (keys: Bytes): Bytes => keys.subarray(PUBLIC_BYTES);

/** What a pair's mask is derived for: the same words at both. */
export function maskPurpose(session: string, a: number, b: number): string {
  return `moiety mask ${session} ${Math.min(a, b)} ${Math.max(a, b)}`;
}

const letterPurpose = (session: string, from: number, to: number): string => `moiety shares ${session} ${from} ${to}`;

/** A client in one masked sum; forgotten with it. Asked for the same again it says the same, and nothing else. */
export class Member {
  readonly #client: number;
  readonly #session: string;
  readonly #masks: Pair;
  readonly #letters: Pair;
  readonly #seed: Bytes = random(SECRET_BYTES);
  #roster: readonly Keyed[] | undefined;
  #own: ByClient<Bytes> = new Map();
  #threshold = Infinity;
  #sent: ByClient<Bytes> | undefined;
  #masked: { readonly elements: Elements; readonly held: ByClient<Bytes> } | undefined;
  #revealed: { readonly to: string; readonly shares: ByClient<Bytes> } | undefined;

  private constructor(client: number, session: string, masks: Pair, letters: Pair) {
    [this.#client, this.#session, this.#masks, this.#letters] = [client, session, masks, letters];
  }

  /** Takes part as this client; `session` names the sum, and no two have one name. */
  static async join(client: number, session: string): Promise<Member> {
    return new Member(client, session, await makePair(), await makePair());
  }

  /** Its public keys. */
  get keys(): Bytes {
    const both = new Uint8Array(2 * PUBLIC_BYTES);
    both.set(this.#masks.publicKey);
    both.set(this.#letters.publicKey, PUBLIC_BYTES);
    return both;
  }

  /** For everybody in the roster but itself, sealed for it: a share of its private key and one of its own mask's seed. */
  async share(roster: readonly Keyed[]): Promise<ByClient<Bytes>> {
    if (this.#sent) {
      if (!sameRoster(this.#roster!, roster)) throw this.#refused("the roster", "another one than before", "the same");
      return this.#sent;
    }
    const numbers = new Set(roster.map(({ client }) => client));
    const distinct = new Set(roster.map(({ keys }) => keys.join()));
    if (
      roster.length < FEWEST ||
      roster.length > MOST ||
      numbers.size !== roster.length ||
      distinct.size !== roster.length
    )
      throw this.#refused("the roster", `${roster.length} clients`, `${FEWEST} to ${MOST} different ones`);
    const own = roster.find(({ client }) => client === this.#client);
    if (own?.keys.join() !== this.keys.join())
      throw this.#refused("the roster", "other keys of this client", "its own");
    const threshold = thresholdOf(roster.length);
    const secrets = [await secretOf(this.#masks), this.#seed];
    const [keyShares, seedShares] = await Promise.all(secrets.map((one) => sharesOf(one, roster.length, threshold)));
    const sent = new Map<number, Bytes>();
    const kept = new Map<number, Bytes>();
    for (const [i, { client, keys }] of roster.entries()) {
      const both = new Uint8Array(2 * SHARE_BYTES);
      both.set(keyShares![i]!);
      both.set(seedShares![i]!, SHARE_BYTES);
      if (client === this.#client) kept.set(client, both);
      else sent.set(client, await seal(await this.#letterTo(keys, this.#client, client), both));
    }
    [this.#roster, this.#threshold, this.#sent, this.#own] = [roster, threshold, sent, kept];
    return sent;
  }

  /** The numbers behind its masks, towards those who have sent it shares: `letters`, by their number. */
  async mask(letters: ByClient<Bytes>, numbers: () => Promise<Elements>): Promise<Elements> {
    const roster = this.#roster;
    if (!roster) throw this.#refused("masked numbers", "a question for them", "one for shares before");
    if (this.#masked) {
      const [before, now] = [this.#masked.held, letters].map((one) =>
        [...one.keys()].filter((c) => c !== this.#client),
      );
      if (before!.join() !== now!.join()) throw this.#refused("letters", "those of others than before", "the same");
      return this.#masked.elements;
    }
    const there = roster.filter(({ client }) => client === this.#client || letters.has(client));
    if (there.length < this.#threshold)
      throw this.#refused("letters", `those of ${there.length}`, `${this.#threshold} at least, its own among them`);
    const held = new Map(this.#own);
    for (const { client, keys } of there)
      if (client !== this.#client)
        held.set(client, await unseal(await this.#letterTo(keys, client, this.#client), letters.get(client)!));
    const elements = (await numbers()).slice();
    const count = elements.length / 2;
    addTo(elements, await streamOf(this.#seed, count));
    for (const { client, keys } of there) {
      if (client === this.#client) continue;
      const key = await agreed(this.#masks, maskKey(keys), maskPurpose(this.#session, this.#client, client));
      // one of the two adds what the other takes away
      (this.#client < client ? addTo : takeFrom)(elements, await streamOf(key, count));
    }
    // in the roster's order, in which they are asked for again
    const ordered = there.map(({ client }) => [client, held.get(client)!] as const);
    this.#masked = { elements, held: new Map(ordered) };
    return elements;
  }

  /** For everybody whose letter it has one share: of its own mask if it answered, of its private key if it is gone. */
  reveal(answered: readonly number[]): ByClient<Bytes> {
    const { held } = this.#masked ?? {};
    if (!held) throw this.#refused("shares", "a question for them", "one for masked numbers before");
    const to = [...answered].toSorted((a, b) => a - b).join();
    if (this.#revealed) {
      if (this.#revealed.to !== to) throw this.#refused("who answered", "others than before", "the same");
      return this.#revealed.shares;
    }
    const stayed = new Set(answered);
    if (stayed.size < this.#threshold || !answered.every((client) => held.has(client)) || !stayed.has(this.#client))
      throw this.#refused(
        "who answered",
        `${stayed.size} clients`,
        `${this.#threshold} at least of those it masked with`,
      );
    const shares = new Map<number, Bytes>();
    for (const [client, both] of held)
      shares.set(client, stayed.has(client) ? both.slice(SHARE_BYTES) : both.slice(0, SHARE_BYTES));
    this.#revealed = { to, shares };
    return shares;
  }

  #letterTo(keys: Bytes, from: number, to: number): Promise<Bytes> {
    return agreed(this.#letters, letterKey(keys), letterPurpose(this.#session, from, to));
  }

  #refused(what: string, got: string, expected: string): RangeError {
    return new RangeError(
      `secure: ${what}, got ${got}, expected ${expected}; client ${this.#client} says nothing more`,
    );
  }
}

function sameRoster(a: readonly Keyed[], b: readonly Keyed[]): boolean {
  const text = (roster: readonly Keyed[]): string =>
    roster.map(({ client, keys }) => `${client}:${keys.join()}`).join(";");
  return text(a) === text(b);
}
