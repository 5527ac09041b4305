// Just enough of ONNX's protobuf (onnx.proto3, opset 13) to describe a graph of float tensors to a runtime.

const varint = (value) => {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Uint8Array.of(...bytes, value);
};

const join = (parts) => {
  const whole = new Uint8Array(parts.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

const text = new TextEncoder();
const integer = (field, value) => join([varint(field * 8), varint(value)]);
const bytes = (field, value) => join([varint(field * 8 + 2), varint(value.length), value]);
const string = (field, value) => bytes(field, text.encode(value));
const message = (field, ...parts) => bytes(field, join(parts));
const raw = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);

const FLOAT = 1;
const INT64 = 7;

// an attribute is an integer (type 2) or a list of integers (type 7)
const attribute = ([name, value]) =>
  Array.isArray(value)
    ? message(5, string(1, name), ...value.map((v) => integer(8, v)), integer(20, 7))
    : message(5, string(1, name), integer(3, value), integer(20, 2));

/** Values are floats, or integers as BigInt64Array. */
const tensor = ([name, { shape, data }]) =>
  message(
    5,
    ...shape.map((size) => integer(1, size)),
    integer(2, data instanceof BigInt64Array ? INT64 : FLOAT),
    string(8, name),
    bytes(9, raw(data)),
  );

const value = (field, name, shape) =>
  message(
    field,
    string(1, name),
    message(2, message(1, integer(1, FLOAT), message(2, ...shape.map((size) => message(1, integer(1, size)))))),
  );

/**
 * The bytes of a model.
 * @param nodes [operator, inputs, output, attributes]
 * @param inputs name to shape
 * @param constants name to { shape, data }
 * @param output name and shape of the one result
 */
export function onnx({ nodes, inputs, constants = {}, output: [name, shape] }) {
  const graph = [
    ...nodes.map(([op, from, to, attributes = {}]) =>
      message(
        1,
        ...from.map((input) => string(1, input)),
        string(2, to),
        string(4, op),
        ...Object.entries(attributes).map(attribute),
      ),
    ),
    string(2, "graph"),
    ...Object.entries(constants).map(tensor),
    ...Object.entries(inputs).map(([input, size]) => value(11, input, size)),
    value(12, name, shape),
  ];
  return join([integer(1, 8), message(7, ...graph), message(8, integer(2, 13))]);
}
