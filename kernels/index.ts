// The one entry: what is exported here is what the runtime can call.
/** First byte behind the module's static data; the runtime's memory begins there. */
export function heapBase(): usize {
  return __heap_base;
}
export { build } from "./build";
export { init, scratchBytes } from "./scratch";
export { workingBytes, workingMemory } from "./pairwise";
export * from "./conv2d";
export * from "./conv2d-grad-input";
export * from "./conv2d-grad-weight";
export { linear } from "./linear";
export * from "./matmul";
export * from "./peak";
export { crossEntropy, crossEntropyGrad, nll, nllGrad } from "./crossEntropy";
export * from "./elementwise";
export * from "./expand";
export * from "./gather";
export * from "./mixture";
export * from "./optimizer";
export * from "./pool";
export * from "./random";
export { argmax, countCorrect, dot, sum } from "./reduce";
export { logSoftmax, logSoftmaxGrad, softmax, softmaxGrad } from "./softmax";
export * from "./unary";
export * from "./embedding";
export { lstm, lstmGrad, lstmGradScratchBytes, lstmScratchBytes } from "./lstm";
