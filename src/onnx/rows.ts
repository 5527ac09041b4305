// From traces with some numbers of rows to one graph for any number.
import type { Constant, Graph, Node } from "./proto.ts";

const differ = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length !== b.length || Array.from(a).some((value, i) => !Object.is(value, b[i]));

/** Whether two traces took the same steps, whatever their constants are. */
function sameSteps(a: Graph, b: Graph): boolean {
  const shown = ({ nodes, constants }: Graph): string =>
    JSON.stringify([nodes, constants.map(({ name, type }) => [name, type])], (_, value: unknown) =>
      typeof value === "number" ? String(value) : value,
    );
  return shown(a) === shown(b);
}

/** The op that reads a constant. */
function reader({ nodes }: Graph, { name }: Constant): string {
  return nodes.find(({ inputs }) => inputs.includes(name))!.from;
}

/** Throws unless two traces of other inputs, as many, are one graph. */
export function checkAlike(a: Graph, b: Graph): void {
  if (!sameSteps(a, b))
    throw new RangeError(
      "onnx: the network, got other steps for other values, expected the same; choose by where instead of in JavaScript",
    );
  const moved = a.constants.find((of, i) => differ(of.values, b.constants[i]!.values));
  if (moved)
    throw new RangeError(
      `onnx: ${reader(a, moved)}, got an operand that JavaScript made of inputs' values, expected one that ops have made; ` +
        "leave out what reads tensors on the way",
    );
}

/** One graph of traces that differ in nothing but their numbers of rows: sizes in it follow the rows of `x`. */
export function overRows(counts: readonly [number, number, number], graphs: readonly [Graph, Graph, Graph]): Graph {
  const [first, second, third] = graphs;
  if (!sameSteps(first, second) || !sameSteps(first, third))
    throw new RangeError(
      `onnx: the network, got other steps for ${counts[0]} rows than for ${counts[1]} or ${counts[2]}, expected the same; give rows`,
    );
  const moving: Node[] = [];
  const fixed: Constant[] = [];
  const more: Constant[] = [];
  for (const [i, of] of first.constants.entries()) {
    const [a, b, c] = graphs.map(({ constants }) => constants[i]!) as [Constant, Constant, Constant];
    if (!differ(a.values, b.values) && !differ(a.values, c.values)) {
      fixed.push(of);
      continue;
    }
    // sizes are so much for each row, and so much besides
    const each = Array.from(a.values, (value, j) => (b.values[j]! - value) / (counts[1] - counts[0]));
    const base = Array.from(a.values, (value, j) => value - each[j]! * counts[0]);
    const follows = Array.from(c.values).every((value, j) => value === base[j]! + each[j]! * counts[2]);
    if (of.type !== "i64" || !follows)
      throw new RangeError(
        `onnx: ${reader(first, of)}, got an operand for ${counts[1]} rows that is another one for ${counts[0]}, expected the same; give rows`,
      );
    const [per, besides] = [`${of.name}_each`, `${of.name}_base`];
    more.push({ ...of, name: per, values: each }, { ...of, name: besides, values: base });
    const node = (op: string, inputs: readonly string[], output: string): Node => ({
      from: reader(first, of),
      op,
      inputs,
      outputs: [output],
      attributes: {},
      floats: {},
    });
    moving.push(node("Mul", ["x.rows", per], `${of.name}_all`), node("Add", [`${of.name}_all`, besides], of.name));
  }
  if (moving.length === 0) return first;
  const counted: Node = {
    from: "rows",
    op: "Shape",
    inputs: ["x"],
    outputs: ["x.rows"],
    attributes: { start: 0, end: 1 },
    floats: {},
  };
  return { ...first, nodes: [counted, ...moving, ...first.nodes], constants: [...fixed, ...more] };
}
