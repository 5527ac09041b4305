// Protocol Buffers without code generation: a message is an interface and a table of its fields, checked against each
// other by the compiler. Unknown fields are skipped, so newer servers may say more than this file knows. Reading takes time
// and memory in proportion to the bytes, whatever they are: elements are counted and nesting is bounded.
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Limits, MessageType } from "./messageType.ts";

/** How one value of a message is written and read. `empty` is what an absent field reads as, and what is not written. */
export interface Field<V> {
  readonly number: number;
  readonly empty: () => V;
  readonly write: (writer: BinaryWriter, value: V) => void;
  readonly read: (reader: BinaryReader, wire: WireType, previous: V, limits: Limits) => V;
}

/** One field per property. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

// a message holds a tree of five levels, and each level is one
const MOST_DEPTH = 16;
/** Elements of repeated fields in a message, and so objects in a tree. */
export const MOST_ELEMENTS = 65_536;
// an element has two fields and a head; newer servers may add some
const MOST_FIELDS = 8 * MOST_ELEMENTS;

/** Declares a message type from its name and field table. */
export function define<T extends object>(name: string, fields: Fields<T>): MessageType<T> {
  const keys = Object.keys(fields) as (keyof T)[];
  const byNumber = new Map(keys.map((key) => [fields[key].number, key]));
  return {
    name,
    encode(message) {
      const writer = new BinaryWriter();
      for (const key of keys) {
        const value = message[key];
        if (value !== undefined) fields[key].write(writer, value as T[typeof key]);
      }
      return writer.finish();
    },
    decode(bytes, limits) {
      if (limits) return read(bytes, limits);
      try {
        return read(bytes, { depth: 0, elements: MOST_ELEMENTS, fields: MOST_FIELDS });
      } catch (cause) {
        // the reader's own words do not say what was read
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new RangeError(`${name}: got ${bytes.length} bytes that are no such message, ${why}`, { cause });
      }
    },
  };

  function read(bytes: Uint8Array, limits: Limits): T {
    if (limits.depth > MOST_DEPTH) throw new RangeError(`${name}: nested deeper than ${MOST_DEPTH} messages`);
    const message = Object.fromEntries(keys.map((key) => [key, fields[key].empty()])) as T;
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      if (--limits.fields < 0) throw new RangeError(`${name}: more than ${MOST_FIELDS} fields in all`);
      const [number, wire] = reader.tag();
      const key = byNumber.get(number);
      if (key === undefined) reader.skip(wire, number);
      else message[key] = fields[key].read(reader, wire, message[key], limits);
    }
    return message;
  }
}

interface Scalar<V> {
  readonly wire: WireType;
  readonly zero: V;
  readonly put: (writer: BinaryWriter, value: V) => void;
  readonly get: (reader: BinaryReader, limits: Limits) => V;
}

/** 64-bit integers are BigInt: node and run ids use all their bits. */
export const uint64: Scalar<bigint> = {
  wire: WireType.Varint,
  zero: 0n,
  put: (writer, value) => writer.uint64(value),
  get: (reader) => BigInt(reader.uint64()),
};
export const sint64: Scalar<bigint> = {
  wire: WireType.Varint,
  zero: 0n,
  put: (writer, value) => writer.sint64(value),
  get: (reader) => BigInt(reader.sint64()),
};
export const uint32: Scalar<number> = {
  wire: WireType.Varint,
  zero: 0,
  put: (writer, value) => writer.uint32(value),
  get: (reader) => reader.uint32(),
};
export const bool: Scalar<boolean> = {
  wire: WireType.Varint,
  zero: false,
  put: (writer, value) => writer.bool(value),
  get: (reader) => reader.bool(),
};
export const double: Scalar<number> = {
  wire: WireType.Bit64,
  zero: 0,
  put: (writer, value) => writer.double(value),
  get: (reader) => reader.double(),
};
export const text: Scalar<string> = {
  wire: WireType.LengthDelimited,
  zero: "",
  put: (writer, value) => writer.string(value),
  get: (reader) => reader.string(),
};
export const bytes: Scalar<Uint8Array> = {
  wire: WireType.LengthDelimited,
  zero: new Uint8Array(0),
  put: (writer, value) => writer.bytes(value),
  get: (reader) => reader.bytes(),
};

/** A nested message. The type is named lazily, so that a tree may contain itself. */
export function message<T>(type: () => MessageType<T>): Scalar<T> {
  return {
    wire: WireType.LengthDelimited,
    get zero(): T {
      return type().decode(new Uint8Array(0));
    },
    put: (writer, value) => writer.bytes(type().encode(value as Partial<T>)),
    get: (reader, limits) => {
      limits.depth++;
      const value = type().decode(reader.bytes(), limits);
      limits.depth--;
      return value;
    },
  };
}

/** A scalar with implicit presence: zero is not written. */
export function one<V>(number: number, scalar: Scalar<V>): Field<V> {
  const isZero = (value: V): boolean => (value instanceof Uint8Array ? value.length === 0 : value === scalar.zero);
  return {
    number,
    empty: () => scalar.zero,
    write: (writer, value) => {
      if (!isZero(value)) scalar.put(writer.tag(number, scalar.wire), value);
    },
    read: (reader, wire, _, limits) => single(number, scalar, reader, wire, limits),
  };
}

/** A field with explicit presence: a nested message, an `optional`, a member of a oneof. Absent reads as undefined. */
export function maybe<V>(number: number, scalar: Scalar<V>): Field<V | undefined> {
  return {
    number,
    empty: () => undefined,
    write: (writer, value) => {
      if (value !== undefined) scalar.put(writer.tag(number, scalar.wire), value);
    },
    read: (reader, wire, _, limits) => single(number, scalar, reader, wire, limits),
  };
}

/** A repeated field. Numbers are written packed; both packed and single elements are read. */
export function many<V>(number: number, scalar: Scalar<V>): Field<readonly V[]> {
  const packable = scalar.wire !== WireType.LengthDelimited;
  return {
    number,
    empty: () => [],
    write: (writer, values) => {
      if (values.length === 0) return;
      if (packable) {
        writer.tag(number, WireType.LengthDelimited).fork();
        for (const value of values) scalar.put(writer, value);
        writer.join();
      } else for (const value of values) scalar.put(writer.tag(number, scalar.wire), value);
    },
    // appended in place: `empty` has made a list of this message's own
    read: (reader, wire, previous, limits) => {
      const values = previous as V[];
      const add = (of: WireType): void => {
        if (--limits.elements < 0) throw new RangeError(`field ${number}: more than ${MOST_ELEMENTS} elements in all`);
        values.push(single(number, scalar, reader, of, limits));
      };
      if (!packable || wire !== WireType.LengthDelimited) add(wire);
      else for (const end = reader.uint32() + reader.pos; reader.pos < end;) add(scalar.wire);
      return values;
    },
  };
}

function single<V>(number: number, scalar: Scalar<V>, reader: BinaryReader, wire: WireType, limits: Limits): V {
  if (wire !== scalar.wire)
    throw new RangeError(`field ${number}: wire type, got ${wire}, expected ${scalar.wire}; another message`);
  return scalar.get(reader, limits);
}
