// Bytes as printable text that packs as well as the bytes: a byte is one character, or one of two prefixes and a character,
// so that a packer finds the repeats, which base64's six-bit steps hide. Hexadecimal is as safe, twice as long and an eighth
// heavier in a compressed bundle.

// characters that neither strings, templates nor pages need to escape: # to ~ without $ < \ `
const FIRST = 35;
const LAST = 126;
const LEFT_OUT: readonly number[] = [36, 60, 92, 96];
const CHARACTERS: readonly number[] = Array.from({ length: LAST - FIRST + 1 }, (_, i) => FIRST + i).filter(
  (code) => !LEFT_OUT.includes(code),
);
const PREFIXES = 2;
const SINGLES = CHARACTERS.length - PREFIXES;

/** The text of some bytes. */
export function encodePrintable(bytes: Uint8Array): string {
  const texts = Array.from({ length: 256 }, (_, byte) => {
    const character = CHARACTERS[PREFIXES + (byte % SINGLES)]!;
    const prefix = Math.floor(byte / SINGLES) - 1;
    return prefix < 0 ? String.fromCharCode(character) : String.fromCharCode(CHARACTERS[prefix]!, character);
  });
  return Array.from(bytes, (byte) => texts[byte]!).join("");
}

/** The bytes of a text that `encodePrintable` made. */
export function decodePrintable(text: string): Uint8Array<ArrayBuffer> {
  const places = new Int16Array(LAST + 1);
  for (let i = 0; i < CHARACTERS.length; i++) places[CHARACTERS[i]!] = i - PREFIXES;
  const bytes = new Uint8Array(text.length);
  const { length } = text;
  let n = 0;
  for (let i = 0; i < length; i++) {
    const place = places[text.charCodeAt(i)]!;
    if (place >= 0) bytes[n++] = place;
    else bytes[n++] = places[text.charCodeAt(++i)]! + SINGLES * (place + PREFIXES + 1);
  }
  return bytes.slice(0, n);
}
