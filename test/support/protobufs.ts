// Protocol Buffers as trees of fields, to be damaged field by field: lost, doubled, of another number or kind, nested far too
// deep. Lengths are written anew, so that damage gets past the outermost message.
import fc from "fast-check";
import { type Edit, editBytes, edits, times } from "./mutations.ts";

interface Field {
  readonly number: number;
  readonly wire: number;
  /** The payload: bytes of a varint, of a fixed word, or behind a length. */
  readonly payload: Uint8Array;
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

/** The fields of some bytes; undefined if they are no message. */
function parse(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const number = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; at < bytes.length && shift < 70n; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = number();
    if (tag === undefined || tag < 8n || tag > 0xffffffffn) return undefined;
    const wire = Number(tag & 7n);
    const from = at;
    if (wire === 0) {
      if (number() === undefined) return undefined;
      fields.push({ number: Number(tag >> 3n), wire, payload: bytes.slice(from, at) });
      continue;
    }
    const length = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(number() ?? -1n) : -1;
    if (length < 0 || at + length > bytes.length) return undefined;
    fields.push({ number: Number(tag >> 3n), wire, payload: bytes.slice(at, at + length) });
    at += length;
  }
  return fields;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function format(fields: readonly Field[]): Uint8Array {
  return join(
    fields.flatMap(({ number, wire, payload }) => [
      varint((BigInt(number) << 3n) | BigInt(wire)),
      ...(wire === 2 ? [varint(BigInt(payload.length))] : []),
      payload,
    ]),
  );
}

const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 21, 22, 23, 25, 99, 2 ** 29 - 1];
const values = [0n, 1n, -1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

function editFields(bytes: Uint8Array, edit: Edit): Uint8Array {
  const fields = parse(bytes);
  const [at, how, size, value] = edit;
  if (!fields || fields.length === 0) return editBytes(bytes, [edit]);
  const here = at % fields.length;
  const field = fields[here]!;
  const others = { before: fields.slice(0, here), after: fields.slice(here + 1) };
  const put = (...middle: readonly Field[]): Uint8Array => format([...others.before, ...middle, ...others.after]);
  switch (how % 8) {
    case 0:
      return put();
    case 1: {
      const most = Math.ceil(400_000 / (8 + field.payload.length));
      return put(...Array<Field>(Math.min(most, 1 + times(size))).fill(field));
    }
    case 2:
      return put({ ...field, number: numbers[value % numbers.length]! });
    case 3:
      return put({ ...field, wire: value % 8 });
    case 4:
      return put({ ...field, wire: 0, payload: varint(values[value % values.length]!) });
    case 5: {
      // as deep as the wire allows: a field inside itself, again and again
      let { payload } = field;
      for (let depth = Math.min(times(size), 3000); depth > 0; depth--)
        payload = format([{ number: field.number, wire: 2, payload }]);
      return put({ ...field, wire: 2, payload });
    }
    default: {
      // further in
      const next: Edit = [Math.floor(at / fields.length), Math.floor(how / 8), size, value];
      return put({
        ...field,
        payload: field.wire === 2 ? editFields(field.payload, next) : editBytes(field.payload, [next]),
      });
    }
  }
}

/** A message after some edits of its fields. */
export function editMessage(bytes: Uint8Array, list: readonly Edit[]): Uint8Array {
  return list.reduce((now, edit) => {
    const next = editFields(now, edit);
    return next.length > 1_000_000 ? now : next;
  }, bytes);
}

/** A valid message of a pool, damaged field by field, or now and then byte by byte. */
export function damagedMessage(messages: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.nat(messages.length - 1), edits, fc.nat(5), edits).map(([which, fields, torn, bytes]) => {
    const message = editMessage(messages[which]!, fields);
    return torn === 5 ? editBytes(message, bytes, messages) : message;
  });
}
