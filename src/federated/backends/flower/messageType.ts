// What a message type can do, whatever writes and reads its bytes.

/** A message type: `encode` accepts a partial message, `decode` always answers a whole one. */
export interface MessageType<T> {
  readonly name: string;
  encode(message: Partial<T>): Uint8Array<ArrayBuffer>;
  /** A RangeError for bytes that are no such message, nest too deep or hold too many elements. */
  decode(bytes: Uint8Array, limits?: Limits): T;
}

/** What one reading may still use up; nested messages draw on the same. */
export interface Limits {
  /** Messages around the one at hand. */
  depth: number;
  /** Elements of repeated fields, all together. */
  elements: number;
  /** Fields of any kind, known or not. */
  fields: number;
}
