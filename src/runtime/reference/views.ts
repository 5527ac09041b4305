// What a reference twin sees of memory: elements by index, in single or in double precision.

/** Memory as a reference twin reads it; an f32 element at byte pointer `p` is `f[wordAt(p)]`, whatever the precision of `f`. */
export interface Views {
  f: Float32Array | Float64Array;
  i32: Int32Array;
  u8: Uint8Array;
}
