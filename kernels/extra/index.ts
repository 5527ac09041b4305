// The second module: kernels of ops that few networks need, so that a page that needs none of them does not carry them.
// Its static data lies behind the first module's (see asconfig.json), and it calls the first where it multiplies matrices.
/** First byte behind this module's static data. */
export function staticEnd(): usize {
  return __heap_base;
}
export * from "./attention";
export * from "./compare";
export * from "./cumulative";
export * from "./double";
export * from "./gated";
export * from "./normalize";
export * from "./optimizers";
export * from "./place";
export * from "./recurrent";
export * from "./select";
export * from "./topK";
export * from "./window";
export * from "./winograd";
export { max } from "../reduce";
