// Damage for readers of files and messages. Edits are drawn apart from what they damage, as numbers that mean a place and a
// way, so that a failing case shrinks to the one or two edits that matter.
import fc from "fast-check";

/** One piece of damage: where, how, how much, with what. Whoever applies it takes each number modulo what there is. */
export type Edit = readonly [at: number, how: number, size: number, value: number];

const nat = fc.nat();

/** A few edits; none is a valid document, which must go on being read. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(fc.tuple(nat, nat, nat, nat), { maxLength: 5 });

/** Numbers at which counters, lengths and offsets break. */
export const hostileNumbers: readonly number[] = [
  [
    0,
    -0,
    1,
    -1,
    2,
    0.5,
    -0.5,
    127,
    128,
    255,
    256,
    65535,
    65536,
    1e308,
    -1e308,
    5e-324,
    1e-40,
    NaN,
    Infinity,
    -Infinity,
  ],
  [31, 32, 53, 63, 64].flatMap((bits) => [2 ** bits - 1, 2 ** bits, -(2 ** bits)]),
].flat();

/** What a text may say where a number is expected. */
const hostileDigits: readonly string[] = [
  hostileNumbers.map(String),
  ["1e999", "0x10", "1_000", " 1", "007", "1L", "+1", "", "18446744073709551615", "9".repeat(400), "null", "true"],
].flat();

/** Values that a JSON document may hold where another is expected. */
const hostileValues: readonly unknown[] = [
  hostileNumbers,
  [null, true, false, "", "0", "NaN", "x".repeat(3000), "\u0000", "\ud800", "../../x", "<img src=x onerror=alert(1)>"],
  [[], {}, [[]], [null], { html: "<b>" }, { length: 1e9 }, [1, 2, 3], { a: { b: {} } }],
].flat();

const hostileKeys: readonly string[] = [
  "__proto__",
  "constructor",
  "toString",
  "",
  "length",
  "x".repeat(500),
  "0",
  "-1",
];

/** Bytes to set, insert and repeat. */
const hostileBytes: readonly number[] = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x0a, 0x0d, 0x22, 0x2c, 0x28, 0x5b, 0x7b, 0x39];

function pick<T>(from: readonly T[], number: number): T {
  return from[number % from.length]!;
}

// heads of files say what the rest means, so half of the edits fall there
function placeIn(length: number, at: number): number {
  return at % 2 === 0 ? (at >>> 1) % (length + 1) : (at >>> 1) % (Math.min(length, 96) + 1);
}

/** How often something is repeated: mostly a few times, now and then so often that a quadratic reader is found out. */
export function times(size: number): number {
  return size % 61 === 7 ? 20_000 : size % 13 === 7 ? 500 : 1 + (size % 4);
}

const LONGEST = 400_000;

function splice(bytes: Uint8Array, from: number, to: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = bytes.length - (to - from) + parts.reduce((sum, part) => sum + part.length, 0);
  const result = new Uint8Array(length);
  result.set(bytes.subarray(0, from));
  let at = from;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  result.set(bytes.subarray(to), at);
  return result;
}

const encoder = new TextEncoder();
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** The first run of digits at or behind a place, as [from, to); the first of all if there is none behind. */
function digits(bytes: Uint8Array, at: number): readonly [number, number] | undefined {
  let from = bytes.subarray(at).findIndex(isDigit);
  if (from >= 0) from += at;
  else from = bytes.findIndex(isDigit);
  if (from < 0) return undefined;
  let to = from;
  while (to < bytes.length && isDigit(bytes[to]!)) to++;
  return [from, to];
}

function word(value: number, bytes: 2 | 4 | 8, little: boolean): Uint8Array {
  const number = pick(hostileNumbers, value);
  const whole = BigInt.asUintN(64, Number.isFinite(number) ? BigInt(Math.trunc(number)) : -1n);
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 8) view.setBigUint64(0, whole, little);
  else if (bytes === 4) view.setUint32(0, Number(whole & 0xffffffffn), little);
  else view.setUint16(0, Number(whole & 0xffffn), little);
  return new Uint8Array(view.buffer);
}

function edited(bytes: Uint8Array, [at, how, size, value]: Edit, others: readonly Uint8Array[]): Uint8Array {
  const from = placeIn(bytes.length, at);
  const to = Math.min(bytes.length, from + (size % 24));
  const over = (part: Uint8Array): Uint8Array => splice(bytes, from, Math.min(bytes.length, from + part.length), part);
  switch (how % 14) {
    case 0: {
      const flipped = bytes.slice();
      if (from < flipped.length) flipped[from]! ^= 1 << (value % 8);
      return flipped;
    }
    case 1:
      return over(Uint8Array.of(pick(hostileBytes, value)));
    case 2:
      return over(word(value, 4, true));
    case 3:
      return over(word(value, 4, false));
    case 4:
      return over(word(value, 8, true));
    case 5:
      return over(word(value, 2, size % 2 === 0));
    case 6:
      return bytes.slice(0, from);
    case 7:
      return splice(bytes, from, to);
    case 8:
      return splice(bytes, from, from, ...Array<Uint8Array>(times(size)).fill(bytes.slice(from, to)));
    case 9:
      return splice(bytes, from, from, new Uint8Array(times(size)).fill(pick(hostileBytes, value)));
    case 10:
    case 11: {
      const run = digits(bytes, from);
      return run ? splice(bytes, ...run, encoder.encode(pick(hostileDigits, value))) : bytes;
    }
    case 12: {
      const other = pick(others.length > 0 ? others : [bytes], value);
      return splice(bytes, from, bytes.length, other.slice(size % (other.length + 1)));
    }
    default:
      return splice(bytes, bytes.length, bytes.length, ...Array<Uint8Array>(Math.min(times(size), 500)).fill(bytes));
  }
}

/** Bytes after some edits; `others` lend their tails. */
export function editBytes(bytes: Uint8Array, list: readonly Edit[], others: readonly Uint8Array[] = []): Uint8Array {
  return list.reduce((now, edit) => {
    const next = edited(now, edit, others);
    return next.length > LONGEST ? now : next;
  }, bytes);
}

/** A text after some edits, as bytes may be edited: what comes out need not be well-formed. */
export function editText(text: string, list: readonly Edit[], others: readonly string[] = []): string {
  const bytes = editBytes(
    encoder.encode(text),
    list,
    others.map((other) => encoder.encode(other)),
  );
  return new TextDecoder().decode(bytes);
}

type Holder = Record<string, unknown> | unknown[];

const isHolder = (value: unknown): value is Holder => typeof value === "object" && value !== null;

// every place of a document: the object or list that holds it, and its key
function places(value: unknown): [Holder, string][] {
  const found: [Holder, string][] = [];
  const open: unknown[] = [value];
  for (const at of open) {
    if (!isHolder(at)) continue;
    for (const key of Object.keys(at)) {
      found.push([at, key]);
      open.push((at as Record<string, unknown>)[key]);
    }
  }
  return found;
}

function put(holder: Holder, key: string, value: unknown): void {
  // a list has no keys but its numbers
  if (Array.isArray(holder) && !/^\d+$/.test(key)) return;
  // as JSON.parse does: a key of this name is a key like any other
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function repeated(list: readonly unknown[], count: number): unknown[] {
  const most = Math.floor(LONGEST / (1 + (JSON.stringify(list) ?? "").length));
  return Array.from({ length: Math.min(count, most) }, () => list).flat();
}

/** A JSON document after some edits: values of other kinds, lost, doubled and renamed fields, lists that grow. */
export function editJson(document: unknown, list: readonly Edit[]): unknown {
  const root = { document: structuredClone(document) };
  for (const [at, how, size, value] of list) {
    const all = places(root);
    const [holder, key] = pick(all, at);
    const here = (holder as Record<string, unknown>)[key];
    const there = pick(all, value);
    switch (how % 8) {
      case 0:
      case 1:
      case 2:
        put(holder, key, structuredClone(pick(hostileValues, value)));
        break;
      case 3:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else if (holder !== root) delete holder[key];
        break;
      case 4:
        put(holder, key, structuredClone((there[0] as Record<string, unknown>)[there[1]]));
        break;
      case 5:
        put(holder, pick(hostileKeys, value), here);
        break;
      case 6:
        put(holder, key, size % 2 === 0 ? [here] : { [key]: here });
        break;
      default:
        if (Array.isArray(here)) put(holder, key, repeated(here, times(size)));
        else if (typeof here === "number") put(holder, key, -here);
        else if (typeof here === "string") put(holder, key, here + pick(["/../", "<b>", "\n", "é", " "], value));
    }
  }
  return root.document;
}

/** A valid document of a pool, damaged by a few edits. */
export function damaged(documents: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.nat(documents.length - 1), edits)
    .map(([which, list]) => editBytes(documents[which]!, list, documents));
}

/** A valid JSON document of a pool, damaged as a tree and then, seldom, as text. */
export function damagedJson(documents: readonly unknown[]): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(documents.length - 1), edits, fc.nat(9), edits).map(([which, tree, torn, text]) => {
    const json = JSON.stringify(editJson(documents[which], tree)) ?? "";
    return torn === 9 ? editText(json, text) : json;
  });
}
