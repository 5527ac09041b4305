// A graph under construction: nodes in the order in which they run, and a name for every tensor that they read.
import type { Tensor } from "../autograd/tensor.ts";
import type { Constant, ElementType, Node } from "./proto.ts";

export class Builder {
  readonly nodes: Node[] = [];
  readonly constants: Constant[] = [];
  /** The op that is being written down. */
  from = "";
  readonly #names = new Map<Tensor, string>();

  /** Says what a tensor is called. */
  call(t: Tensor, name: string): void {
    this.#names.set(t, name);
  }

  knows(t: Tensor): boolean {
    return this.#names.has(t);
  }

  /** The name of a tensor; one that nothing has made is a constant. */
  name(t: Tensor): string {
    const known = this.#names.get(t);
    if (known !== undefined) return known;
    const name = this.constant(t.toArray(), t.shape, t.dtype === "f32" ? "f32" : "i32");
    this.call(t, name);
    return name;
  }

  constant(values: ArrayLike<number>, shape: readonly number[], type: ElementType = "f32"): string {
    const name = `constant${this.constants.length}`;
    this.constants.push({ name, shape: [...shape], type, values });
    return name;
  }

  /** A list of whole numbers, as ONNX takes shapes and axes. */
  sizes(values: readonly number[]): string {
    return this.constant(values, [values.length], "i64");
  }

  /** One more node, and the name of what it puts out. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Node["attributes"] = {},
    floats: Node["floats"] = {},
  ): string {
    return this.#add(op, inputs, 1, attributes, floats)[0]!;
  }

  /** One more node with so many outputs, and their names. */
  nodeOf(count: number, op: string, inputs: readonly string[], attributes: Node["attributes"] = {}): readonly string[] {
    return this.#add(op, inputs, count, attributes, {});
  }

  #add(
    op: string,
    inputs: readonly string[],
    count: number,
    attributes: Node["attributes"],
    floats: Node["floats"],
  ): readonly string[] {
    const name = `${op}${this.nodes.length}`;
    const outputs = Array.from({ length: count }, (_, i) => (i ? `${name}_${i}` : name));
    this.nodes.push({ from: this.from, op, inputs, outputs, attributes, floats });
    return outputs;
  }
}
