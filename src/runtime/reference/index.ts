// Every reference twin in one set of kernels, and an engine that runs on them in double precision. Loaded by tests and
// by moiety/testing, never by the library itself.
import { assemble, type Engine, type Kernels } from "../engine.ts";
import type { ExtraKernels } from "../extra.wasm.ts";
import { Memory } from "../memory.ts";
import { conv2d } from "./conv2d.ts";
import { attention } from "./attention.ts";
import { compare } from "./compare.ts";
import { crossEntropy } from "./crossEntropy.ts";
import { cumulative } from "./cumulative.ts";
import { double } from "./double.ts";
import { elementwise } from "./elementwise.ts";
import { embedding } from "./embedding.ts";
import { expand } from "./expand.ts";
import { gated } from "./gated.ts";
import { gather } from "./gather.ts";
import { lstm } from "./lstm.ts";
import { matmul } from "./matmul.ts";
import { mixture } from "./mixture.ts";
import { normalize } from "./normalize.ts";
import { optimizer } from "./optimizer.ts";
import { optimizers } from "./optimizers.ts";
import { place } from "./place.ts";
import { pool } from "./pool.ts";
import { random } from "./random.ts";
import { recurrent } from "./recurrent.ts";
import { largest, reduce } from "./reduce.ts";
import { select } from "./select.ts";
import { softmax } from "./softmax.ts";
import { topK } from "./topK.ts";
import { unary } from "./unary.ts";
import { window } from "./window.ts";
import { winograd } from "./winograd.ts";
import type { Views } from "./views.ts";

/** The twins over a memory; with a Float64Array for `views.f` everything is computed and kept in double precision. */
export function referenceKernels(views: Views): Kernels {
  return {
    heapBase: () => 1024,
    workingMemory: () => 1024,
    workingBytes: () => 0,
    build: () => 0,
    ...lstm(views),
    ...matmul(views),
    ...conv2d(views),
    ...crossEntropy(views),
    ...elementwise(views),
    ...embedding(views),
    ...expand(views),
    ...gather(views),
    ...mixture(views),
    ...optimizer(views),
    ...pool(views),
    ...random(views),
    ...reduce(views),
    ...softmax(views),
    ...unary(views),
  };
}

/** The twins of the second module. */
export function referenceExtra(views: Views): ExtraKernels {
  return {
    staticEnd: () => 1024,
    ...attention(views),
    ...compare(views),
    ...cumulative(views),
    ...double(views),
    ...gated(views),
    ...largest(views),
    ...normalize(views),
    ...optimizers(views),
    ...place(views),
    ...recurrent(views),
    ...select(views),
    ...topK(views),
    ...window(views),
    ...winograd(views),
  };
}

/** An engine of twins in double precision: the whole library runs on it inside `withEngine`. */
export function referenceEngine(): Engine {
  const memory = new Memory(2 ** 20, 2 ** 30, true);
  return assemble(memory, referenceKernels(memory), "double", referenceExtra(memory));
}
