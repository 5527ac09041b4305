// A function run on another engine, whose memory is not that of the tensors it has captured: they are copied across.
import { type Engine, engine, withEngine } from "../runtime/engine.ts";
import { wordAt } from "../runtime/memory.ts";
import { widthOf } from "./dtype.ts";
import { setElsewhere, type Tensor, tensorsSoFar } from "./tensor.ts";

/** Runs `fn` with another engine in charge; what it reads of tensors made before, it reads from copies there. */
export function onEngine<T>(other: Engine, fn: () => T): T {
  const home = engine();
  const since = tensorsSoFar();
  const copies = new Map<Tensor, number>();
  const place = (t: Tensor): number => {
    if (t.id >= since) return 0;
    const known = copies.get(t);
    if (known) return known;
    const before = setElsewhere(null);
    const values = withEngine(home, () => {
      // views of it are made by its address: it must have one
      void t.ptr;
      return t.toArray();
    });
    setElsewhere(before);
    const pointer = other.heap.alloc(Math.max(1, t.size) * widthOf("gradcheck", t.dtype));
    const { f, i32, u8 } = other.memory;
    if (t.dtype === "u8") u8.set(values, pointer);
    else (t.dtype === "f32" ? f : i32).set(values, wordAt(pointer));
    copies.set(t, pointer);
    return pointer;
  };
  const before = setElsewhere(place);
  try {
    return withEngine(other, fn);
  } finally {
    setElsewhere(before);
    for (const pointer of copies.values()) other.heap.free(pointer);
  }
}
