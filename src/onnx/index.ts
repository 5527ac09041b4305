// Networks as ONNX files, for whatever runs those. A network is traced: it runs a few times on made-up rows, and what its ops were is
// written down; so anything can be exported that is built of ops which have a counterpart there (`exported`).
import { Net } from "../nn/net.ts";
import { exported, refused } from "./emit.ts";
import { encodeModel, type Graph, type Value } from "./proto.ts";
import { checkAlike, overRows } from "./rows.ts";
import { trace } from "./trace.ts";

export { exported, refused };

/** What an exported network is called, and what goes into it. */
export interface OnnxOptions {
  /** Inputs are whole numbers below this, the words of a vocabulary; floats unless said. */
  readonly words?: number;
  /** The number of rows, where the network depends on it; any number unless said. */
  readonly rows?: number;
}

/**
 * The bytes of an ONNX file (operator set 17) of a network in evaluation: input `x` [rows, ...shape], output `y`, weights under their
 * names. Sizes that follow from the number of rows are worked out in the graph. A RangeError for an op that has no counterpart, and for a
 * network whose steps or constants depend on its inputs' values.
 * @param shape of one input, as a Model's
 */
export function exportOnnx(net: Net, shape: readonly number[], { words, rows }: OnnxOptions = {}): Uint8Array {
  const copy = new Net(net.module, { group: "private" });
  copy.parameters.copyFrom(net.parameters);
  const run = (of: number, seed: number): Graph => trace(copy, [of, ...shape], words, seed);
  try {
    const one = run(rows ?? 2, 1);
    checkAlike(one, run(rows ?? 2, 2));
    const open = (of: Value): Value => ({ ...of, shape: [rows ?? "rows", ...of.shape.slice(1)] });
    const graph = rows === undefined ? overRows([2, 3, 5], [one, run(3, 3), run(5, 4)]) : one;
    return encodeModel({ ...graph, input: open(graph.input), output: open(graph.output) });
  } finally {
    copy.dispose();
  }
}
