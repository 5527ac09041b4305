// Fixed working memory for packed matrix blocks: given once by the runtime, one piece per instance (worker).

import { packedBytes } from "./pack";

/** Address of the packing area; set by `init`. */
export let packArea: usize = 0;

/** Hands the kernels `scratchBytes()` bytes of 64-byte aligned memory that nothing else uses. */
export function init(scratch: usize): void {
  packArea = scratch;
}

/** Bytes of working memory that `init` expects. */
export function scratchBytes(): i32 {
  return packedBytes;
}
