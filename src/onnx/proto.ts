// ONNX's messages as far as a network needs them, written by their public field numbers (github.com/onnx/onnx, onnx.proto3).
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Single floats, or whole numbers of 64 or 32 bits. */
export type ElementType = "f32" | "i64" | "i32";

const elements: Readonly<Record<ElementType, number>> = { f32: 1, i32: 6, i64: 7 };

/** A constant of a graph. */
export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly values: ArrayLike<number>;
}

export interface Node {
  /** The op of moiety that it is for. */
  readonly from: string;
  readonly op: string;
  /** Nothing stands for an input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Words, and whole numbers and lists of them as integers; in `floats` they are none. */
  readonly attributes: Readonly<Record<string, number | string | readonly number[]>>;
  readonly floats: Readonly<Record<string, number>>;
}

/** What goes in or comes out; a size may have a name instead of a number. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

export interface Graph {
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly input: Value;
  readonly output: Value;
}

type Write = (to: BinaryWriter) => void;

const message = (to: BinaryWriter, field: number, write: Write): void => {
  to.tag(field, WireType.LengthDelimited).fork();
  write(to);
  to.join();
};
const text = (to: BinaryWriter, field: number, value: string): unknown =>
  to.tag(field, WireType.LengthDelimited).string(value);
const whole = (to: BinaryWriter, field: number, value: number): unknown => to.tag(field, WireType.Varint).int64(value);

function raw({ type, values }: Constant): Uint8Array {
  const array =
    type === "f32"
      ? Float32Array.from(values)
      : type === "i32"
        ? Int32Array.from(values)
        : BigInt64Array.from(Array.from(values, BigInt));
  return new Uint8Array(array.buffer);
}

function constant(to: BinaryWriter, of: Constant): void {
  for (const size of of.shape) whole(to, 1, size);
  whole(to, 2, elements[of.type]);
  text(to, 8, of.name);
  to.tag(9, WireType.LengthDelimited).bytes(raw(of));
}

// numbers of the kinds of attributes
const [FLOAT, INT, STRING, INTS] = [1, 2, 3, 7] as const;

function node(to: BinaryWriter, { op, inputs, outputs, attributes, floats }: Node): void {
  for (const input of inputs) text(to, 1, input);
  for (const output of outputs) text(to, 2, output);
  text(to, 4, op);
  for (const [name, value] of Object.entries(attributes))
    message(to, 5, () => {
      text(to, 1, name);
      if (typeof value === "number") whole(to, 3, value);
      else if (typeof value === "string") text(to, 4, value);
      else for (const one of value) whole(to, 8, one);
      whole(to, 20, typeof value === "number" ? INT : typeof value === "string" ? STRING : INTS);
    });
  for (const [name, value] of Object.entries(floats))
    message(to, 5, () => {
      text(to, 1, name);
      to.tag(2, WireType.Bit32).float(value);
      whole(to, 20, FLOAT);
    });
}

function value(to: BinaryWriter, { name, type, shape }: Value): void {
  text(to, 1, name);
  message(to, 2, () =>
    message(to, 1, () => {
      whole(to, 1, elements[type]);
      message(to, 2, () => {
        for (const size of shape)
          message(to, 1, () => void (typeof size === "number" ? whole(to, 1, size) : text(to, 2, size)));
      });
    }),
  );
}

/** The bytes of a model of one graph, for operator set 17. */
export function encodeModel({ nodes, constants, input, output }: Graph): Uint8Array {
  const to = new BinaryWriter();
  whole(to, 1, 8);
  text(to, 2, "moiety");
  message(to, 7, () => {
    for (const one of nodes) message(to, 1, () => node(to, one));
    text(to, 2, "net");
    for (const one of constants) message(to, 5, () => constant(to, one));
    message(to, 11, () => value(to, input));
    message(to, 12, () => value(to, output));
  });
  message(to, 8, () => whole(to, 2, 17));
  return to.finish();
}
