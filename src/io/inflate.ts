// DEFLATE (RFC 1951), unpacked. In plain TypeScript, because the platforms' own DecompressionStream does not say where a stream
// ends, so that files of several members read differently in each; and because what comes out must have a bound.

/** Where unpacked bytes go: memory that grows by doubling, to at most a few bytes above `most`. */
export class Room {
  /** How many bytes may come out before unpacking stops. */
  readonly most: number;
  bytes: Uint8Array;
  size = 0;
  readonly #allocate: (size: number) => Uint8Array;

  constructor(most: number, first: number, allocate: (size: number) => Uint8Array) {
    this.most = most;
    this.#allocate = allocate;
    this.bytes = allocate(Math.min(Math.max(first, 1024), most + LONGEST));
  }

  /** Whether more came than was asked for. */
  get full(): boolean {
    return this.size > this.most;
  }

  /** The memory, with room for `more` bytes behind the first `size`. */
  grow(size: number, more: number): Uint8Array {
    if (size + more <= this.bytes.length) return this.bytes;
    const larger = this.#allocate(Math.max(size + more, Math.min(2 * this.bytes.length, this.most + LONGEST)));
    larger.set(this.bytes.subarray(0, size));
    return (this.bytes = larger);
  }
}

// bytes of the longest match
const LONGEST = 258;

/** Canonical Huffman codes (RFC 1951, 3.2.2). */
interface Codes {
  /** By the next `bits` bits, first bit lowest: symbol * 16 + length, or 0 where the code is longer or there is none. */
  readonly table: Int32Array;
  readonly bits: number;
  /** How many codes there are of each length, and the symbols in the order of their codes. */
  readonly counts: Int32Array;
  readonly symbols: Int32Array;
}

// longer codes are rare, and a table of 15 bits for every block would take longer than the block
const QUICK = 10;

const damaged = (what: string): RangeError => new RangeError(`inflate: got ${what}, expected a deflate stream`);

function codesOf(lengths: Uint8Array): Codes {
  const counts = new Int32Array(16);
  for (let i = 0; i < lengths.length; i++) counts[lengths[i]!]!++;
  counts[0] = 0;
  const next = new Int32Array(17);
  const place = new Int32Array(17);
  let free = 1;
  let longest = 1;
  for (let length = 1; length < 16; length++) {
    free = 2 * free - counts[length]!;
    if (free < 0) throw damaged("more codes than bits can tell apart");
    if (counts[length]! > 0) longest = length;
    next[length + 1] = (next[length]! + counts[length]!) << 1;
    place[length + 1] = place[length]! + counts[length]!;
  }
  // a lone code of one bit, or none, is how a block says that it has no matches
  if (free > 0 && place[16]! > counts[1]!) throw damaged("codes that leave bits unused");
  const bits = Math.min(longest, QUICK);
  const table = new Int32Array(1 << bits);
  const symbols = new Int32Array(place[16]!);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length === 0) continue;
    symbols[place[length]!++] = symbol;
    let code = next[length]!++;
    if (length > bits) continue;
    let reversed = 0;
    for (let bit = 0; bit < length; bit++, code >>= 1) reversed = (reversed << 1) | (code & 1);
    for (let at = reversed; at < table.length; at += 1 << length) table[at] = (symbol << 4) | length;
  }
  return { table, bits, counts, symbols };
}

/** The entry of a code longer than the table's, or 0: bit by bit, in the order of codes. */
function longCode({ counts, symbols }: Codes, held: number, count: number): number {
  let code = 0;
  let first = 0;
  let at = 0;
  for (let length = 1; length <= Math.min(count, 15); length++, held >>>= 1) {
    code |= held & 1;
    const of = counts[length]!;
    if (code - of < first) return (symbols[at + code - first]! << 4) | length;
    at += of;
    first = (first + of) << 1;
    code <<= 1;
  }
  return 0;
}

// extra bits and first values of match lengths (symbols 257 to 285) and of distances (0 to 29): RFC 1951, 3.2.5
const lengthBits = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0);
const distanceBits = Uint8Array.from({ length: 30 }, (_, i) => Math.max(0, (i >> 1) - 1));

function firsts(extra: Uint8Array, first: number): Int32Array {
  let at = first;
  return Int32Array.from(extra, (bits) => {
    const value = at;
    at += 1 << bits;
    return value;
  });
}

const lengthFirst = firsts(lengthBits, 3).fill(LONGEST, 28);
const distanceFirst = firsts(distanceBits, 1);
const order = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15);

let fixedCodes: readonly [Codes, Codes] | undefined;

function fixed(): readonly [Codes, Codes] {
  return (fixedCodes ??= [
    codesOf(Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
    codesOf(new Uint8Array(32).fill(5)),
  ]);
}

/**
 * Unpacks streams of `input` into `room`, one behind another: for where one begins, where it ends. Stops early when the room is
 * full. A RangeError for a damaged or truncated stream; memory is never more than twice what came out, and a stream of nothing
 * takes none.
 */
export function inflater(input: Uint8Array, room: Room): (at: number) => number {
  let at = 0;
  let begin = 0;
  let out = room.bytes;
  let size = 0;
  // bits that were read and not used, the next one lowest
  let held = 0;
  let count = 0;

  const take = (bits: number): number => {
    while (count < bits) {
      if (at >= input.length) throw damaged("its end too early");
      held |= input[at++]! << count;
      count += 8;
    }
    const value = held & ((1 << bits) - 1);
    held >>>= bits;
    count -= bits;
    return value;
  };
  const symbolOf = (codes: Codes): number => {
    while (count < 15 && at < input.length) {
      held |= input[at++]! << count;
      count += 8;
    }
    const entry = codes.table[held & ((1 << codes.bits) - 1)]! || longCode(codes, held, count);
    const length = entry & 15;
    if (length === 0 || length > count)
      throw damaged(at < input.length ? "bits that are no code" : "its end too early");
    held >>>= length;
    count -= length;
    return entry >> 4;
  };
  const dynamic = (): readonly [Codes, Codes] => {
    const [literals, distances, n] = [take(5) + 257, take(5) + 1, take(4) + 4];
    if (literals > 286 || distances > 30) throw damaged("more symbols than there are");
    const own = new Uint8Array(19);
    for (let i = 0; i < n; i++) own[order[i]!] = take(3);
    const codes = codesOf(own);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length;) {
      const symbol = symbolOf(codes);
      if (symbol < 16) {
        lengths[i++] = symbol;
        continue;
      }
      if (symbol === 16 && i === 0) throw damaged("a repeated length with none before it");
      const times = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7);
      if (i + times > lengths.length) throw damaged("too many lengths");
      lengths.fill(symbol === 16 ? lengths[i - 1]! : 0, i, (i += times));
    }
    if (lengths[256] === 0) throw damaged("a block without an end");
    return [codesOf(lengths.subarray(0, literals)), codesOf(lengths.subarray(literals))];
  };
  const stored = (): void => {
    at -= count >> 3;
    held = count = 0;
    const [length, check] = [take(16), take(16)];
    if (length !== (check ^ 0xffff)) throw damaged("a stored block whose length does not fit its check");
    if (at + length > input.length) throw damaged("its end too early");
    out = room.grow(size, length);
    out.set(input.subarray(at, at + length), size);
    at += length;
    size += length;
  };
  // the loop that all the time goes to, so on locals of its own
  const packed = ([literals, distances]: readonly [Codes, Codes]): void => {
    const [words, wordMask] = [literals.table, literals.table.length - 1];
    const [ways, wayMask] = [distances.table, distances.table.length - 1];
    const end = input.length;
    let [into, to, from, bits, n] = [out, size, at, held, count];
    for (;;) {
      if (to + LONGEST > into.length) into = room.grow(to, LONGEST);
      for (; n < 15 && from < end; n += 8) bits |= input[from++]! << n;
      const word = words[bits & wordMask]! || longCode(literals, bits, n);
      bits >>>= word & 15;
      n -= word & 15;
      const symbol = word >> 4;
      if (word === 0 || n < 0 || symbol > 285)
        throw damaged(from < end ? "bits that are no code" : "its end too early");
      if (symbol < 256) {
        into[to++] = symbol;
      } else if (symbol === 256) {
        break;
      } else {
        const more = lengthBits[symbol - 257]!;
        for (; n < more && from < end; n += 8) bits |= input[from++]! << n;
        const until = to + lengthFirst[symbol - 257]! + (bits & ((1 << more) - 1));
        bits >>>= more;
        n -= more;
        for (; n < 15 && from < end; n += 8) bits |= input[from++]! << n;
        const way = ways[bits & wayMask]! || longCode(distances, bits, n);
        bits >>>= way & 15;
        n -= way & 15;
        const far = distanceBits[way >> 4]!;
        for (; n < far && from < end; n += 8) bits |= input[from++]! << n;
        const distance = distanceFirst[way >> 4]! + (bits & ((1 << far) - 1));
        bits >>>= far;
        n -= far;
        if (way === 0 || n < 0) throw damaged(from < end ? "bits that are no code" : "its end too early");
        if (!(distance <= to - begin)) throw damaged("a distance to before its begin");
        for (; to < until; to++) into[to] = into[to - distance]!;
      }
      if (to > room.most) break;
    }
    [out, size, at, held, count] = [into, to, from, bits, n];
  };

  return (from) => {
    at = from;
    begin = size = room.size;
    out = room.bytes;
    held = count = 0;
    for (let last = 0; last === 0 && size <= room.most;) {
      last = take(1);
      const kind = take(2);
      if (kind === 3) throw damaged("a block of no kind");
      if (kind === 0) stored();
      else packed(kind === 1 ? fixed() : dynamic());
    }
    room.size = size;
    return at - (count >> 3);
  };
}
