// From bytes to text: UTF-8, or UTF-16 that says so. What cannot be decoded is refused by its line, never replaced.
import { copyBytes } from "../io/dtype.ts";

/** The text of a file, without its byte order mark; a RangeError with the line of what is no text. */
export function decodeText(bytes: Uint8Array, name: string): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  // text decoders do not take shared memory everywhere
  const own = copyBytes(bytes);
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(own);
  } catch (cause) {
    const line = encoding === "utf-8" ? `, line ${firstBad(own)}` : "";
    throw new RangeError(`text: ${name}${line}, got bytes that are no ${encoding.toUpperCase()}; save it as UTF-8`, {
      cause,
    });
  }
  const zero = text.indexOf("\0");
  if (zero >= 0)
    throw new RangeError(
      `text: ${name}, line ${text.slice(0, zero).split("\n").length}, got a zero character, expected text; ` +
        `if it is UTF-16, save it as UTF-8`,
    );
  return text;
}

/** The number of the first line that does not decode, from 1. */
function firstBad(bytes: Uint8Array<ArrayBuffer>): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 1;
  for (let at = 0; at < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, at) + 1 || bytes.length;
    try {
      decoder.decode(bytes.subarray(at, end));
    } catch {
      return line;
    }
    at = end;
  }
  return line;
}
