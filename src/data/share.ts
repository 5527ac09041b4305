// Memory that worker threads read without a copy, where the runtime has it: in Node, Deno and Bun always, in a browser only
// on a page that is cross-origin isolated. Elsewhere it is ordinary memory and everything still works.

/** `size` zero bytes in memory that can be handed to workers as it is, if the runtime allows that. */
export function shared(size: number): Uint8Array {
  return typeof SharedArrayBuffer === "undefined" ? new Uint8Array(size) : new Uint8Array(new SharedArrayBuffer(size));
}

/** The same bytes in shared memory; the argument itself where they already are, or where there is none. */
export function share(bytes: Uint8Array): Uint8Array {
  if (typeof SharedArrayBuffer === "undefined" || bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = shared(bytes.length);
  copy.set(bytes);
  return copy;
}
