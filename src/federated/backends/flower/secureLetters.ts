// What is said for a masked sum, as arrays of a message: numbers of clients, keys, sealed shares, masked numbers. On its way it looks like
// any other array, so that a relay that knows no method hands it on.
import type { TensorData } from "../../../io/dtype.ts";
import type { Bytes } from "../../secure/keys.ts";
import type { ByClient, Keyed } from "../../secure/member.ts";
import type { Elements } from "../../secure/ring.ts";

/** The messages of one sum, in their order. The third is a turn of training. */
export const STAGES = {
  keys: "query.keys",
  shares: "query.shares",
  masked: "train.masked",
  reveal: "query.reveal",
} as const;

/** What comes before the names of these arrays, where a method's vectors are in the same message. */
export const PREFIX = "secure/";

/** The name of a sum in a message's settings. */
export const SESSION = "secure-session";

type Arrays = readonly (readonly [name: string, array: TensorData])[];

/** Clients' numbers. */
export function clientsOut(name: string, clients: readonly number[]): Arrays {
  return [[`${PREFIX}${name}`, { shape: [clients.length], data: Uint32Array.from(clients) }]];
}

/** Something of one length that each of several clients has: numbers, and rows in their order. */
export function rowsOut(name: string, of: ByClient<Bytes>): Arrays {
  const [first] = of.values();
  const width = first?.length ?? 0;
  const rows = new Uint8Array(of.size * width);
  [...of.values()].forEach((row, i) => rows.set(row, i * width));
  const array = { shape: [of.size, width], data: rows };
  return [...clientsOut(`${name}-clients`, [...of.keys()]), [`${PREFIX}${name}`, array]];
}

/** Numbers in the ring, as they are. */
export function elementsOut(elements: Elements): Arrays {
  return [[`${PREFIX}masked`, { shape: [elements.length], data: elements }]];
}

/** The numbers of clients that a message names; a RangeError where it does not. */
export function clientsIn(name: string, arrays: ReadonlyMap<string, TensorData>): number[] {
  const { data, shape } = arrays.get(`${PREFIX}${name}`) ?? {};
  if (!(data instanceof Uint32Array) || shape?.length !== 1) throw odd(name, data, "a list of clients");
  return [...data];
}

/** Rows by client; a RangeError unless each is `width` bytes. */
export function rowsIn(name: string, arrays: ReadonlyMap<string, TensorData>, width: number): Map<number, Bytes> {
  const clients = clientsIn(`${name}-clients`, arrays);
  const { data } = arrays.get(`${PREFIX}${name}`) ?? {};
  if (!(data instanceof Uint8Array) || data.length !== clients.length * width)
    throw odd(name, data, `${clients.length} rows of ${width} bytes`);
  return new Map(clients.map((client, i) => [client, new Uint8Array(data.slice(i * width, (i + 1) * width))]));
}

/** Masked numbers; a RangeError for what is none. */
export function elementsIn(arrays: ReadonlyMap<string, TensorData>): Elements {
  const { data } = arrays.get(`${PREFIX}masked`) ?? {};
  if (!(data instanceof Uint32Array) || data.length % 2 !== 0) throw odd("masked", data, "pairs of words");
  return new Uint32Array(data);
}

/** A roster as it was said. */
export function rosterOf(keys: ByClient<Bytes>): Keyed[] {
  return [...keys].map(([client, own]) => ({ client, keys: own }));
}

function odd(name: string, data: TensorData["data"] | undefined, expected: string): RangeError {
  const got = data ? `${data.constructor.name} of ${data.length}` : "nothing";
  return new RangeError(`secure: ${name}, got ${got}, expected ${expected}`);
}
