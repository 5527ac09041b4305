// Files in and out, as bytes and text: the public face of this folder. Where the bytes lie is the caller's business.
export { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
export type { Checkpoint, Json } from "./checkpoint.ts";
export { csvLine, csvTable } from "./csv.ts";
export type { Cell } from "./csv.ts";
export type { NumericArray, TensorData } from "./dtype.ts";
export { Sha256 } from "./hash.ts";
export { type Half, narrowed, widened } from "./half.ts";
export { jsonLine, parseJsonLines } from "./jsonl.ts";
export type { JsonLines } from "./jsonl.ts";
export { decodeNpy, encodeNpy } from "./npy.ts";
export { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
export type { Safetensors } from "./safetensors.ts";
export { encodeZip } from "./zip.ts";
