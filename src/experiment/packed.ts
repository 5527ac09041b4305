// A setup as it goes to workers. Who owns which rows are half a million arrays of a few numbers for 100,000 clients, and to
// copy those one by one takes a thread's seconds; laid end to end in memory that workers share, they go over as they are.
import { shared } from "../data/share.ts";
import type { ClientRows } from "../data/index.ts";
import { OFTEN, type Stepped, stepped } from "../runtime/steps.ts";
import type { ClientSetup, Setup } from "./setup.ts";

// a client's arrays, in this order
const PARTS = 5;

const partsOf = ({ rows, shared, globalTest }: ClientSetup): readonly Int32Array[] => [
  rows.train,
  rows.validation,
  rows.test,
  shared,
  globalTest,
];

/** A setup whose clients' rows lie end to end. */
export interface Packed extends Omit<Setup, "clients"> {
  readonly numbers: Int32Array;
  /** Where each part of each client begins and how long it is, [clients, PARTS, 2]. */
  readonly places: Int32Array;
  /** 1 for those that have opted out. */
  readonly optedOut: Uint8Array;
  /** What only some laws give: names and majority classes, by client. */
  readonly said: ReadonlyMap<number, Pick<ClientRows, "name" | "classes">>;
}

/** A setup to be posted; resting between clients. */
export const pack: Stepped<[setup: Setup], Packed> = stepped(function* ({ clients, ...rest }) {
  const places = new Int32Array(shared(4 * 2 * PARTS * clients.length).buffer);
  const optedOut = shared(clients.length);
  const said = new Map<number, Pick<ClientRows, "name" | "classes">>();
  const at = (client: number, part: number): number => 2 * (PARTS * client + part);
  let end = 0;
  let before: readonly Int32Array[] = [];
  for (const [i, client] of clients.entries()) {
    const own = partsOf(client);
    for (const [j, part] of own.entries()) {
      // the same array twice in a client, or for all of them, is laid down once
      const first = own.indexOf(part);
      const known = first < j ? places[at(i, first)] : part === before[j] ? places[at(i - 1, j)] : undefined;
      places[at(i, j)] = known ?? end;
      places[at(i, j) + 1] = part.length;
      if (known === undefined) end += part.length;
    }
    before = own;
    if (i % OFTEN === OFTEN - 1) yield;
    if (client.optedOut) optedOut[i] = 1;
    const { name, classes } = client.rows;
    if (name !== undefined || classes)
      said.set(i, { ...(name !== undefined && { name }), ...(classes && { classes }) });
  }
  const numbers = new Int32Array(shared(4 * end).buffer);
  let next = 0;
  for (const [i, client] of clients.entries()) {
    for (const [j, part] of partsOf(client).entries()) {
      if (places[at(i, j)] !== next) continue;
      numbers.set(part, next);
      next += part.length;
    }
    if (i % OFTEN === OFTEN - 1) yield;
  }
  return { ...rest, numbers, places, optedOut, said };
});

/** The setup that was packed; a client's arrays are views, made when somebody looks at them. */
export function unpack(packed: Packed): Setup {
  const { numbers: _, places: _places, optedOut, said: _said, ...rest } = packed;
  return { ...rest, clients: Array.from(optedOut, (_, client) => new PackedClient(packed, client)) };
}

class PackedClient implements ClientSetup {
  readonly #of: Packed;
  readonly #client: number;

  constructor(of: Packed, client: number) {
    this.#of = of;
    this.#client = client;
  }

  get rows(): ClientRows {
    return { train: this.#part(0), validation: this.#part(1), test: this.#part(2), ...this.#of.said.get(this.#client) };
  }

  get shared(): Int32Array {
    return this.#part(3);
  }

  get globalTest(): Int32Array {
    return this.#part(4);
  }

  get optedOut(): boolean {
    return this.#of.optedOut[this.#client] === 1;
  }

  #part(which: number): Int32Array {
    const { numbers, places } = this.#of;
    const at = 2 * (PARTS * this.#client + which);
    return numbers.subarray(places[at], places[at]! + places[at + 1]!);
  }
}
