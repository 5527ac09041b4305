// How far of a CSV text the package reads at once. For a row it keeps far more than a short row has bytes, most where there are
// quotes, and a note on every quote that is wrong; so it gets a stretch at a time, and lines with quotes apart from short ones
// without.

const MOST = 2 ** 14;
/** A line of so many characters pays for what the package keeps for it, quotes or not. */
const LONG = 32;

/**
 * Where the stretch that begins with a row at `from` ends: behind a line end, so that what the package says of a quote holds
 * whatever comes. `least` is how long it must be, for a row that did not end in a shorter one; 0 if there was none.
 */
export function endOfStretch(text: string, from: number, least: number): number {
  if (least) return endOfLine(text, from + least);
  const within = text.slice(from, from + MOST);
  const quote = within.indexOf('"');
  const plain = within.lastIndexOf("\n", quote < 0 ? MOST : quote) + 1;
  if (plain) return from + plain;
  return quote < 0 ? endOfLine(text, from + within.length) : endOfQuoted(text, from + quote, from + MOST);
}

function endOfLine(text: string, from: number): number {
  return text.indexOf("\n", from) + 1 || text.length;
}

/** Where the lines from a quote on end that have quotes or are long, soon after `most` at the latest. */
function endOfQuoted(text: string, quote: number, most: number): number {
  let end = endOfLine(text, quote);
  while (end < most && end < text.length) {
    const line = text.slice(end, endOfLine(text, end));
    if (line.length <= LONG && !line.includes('"')) break;
    end += line.length;
  }
  return end;
}
