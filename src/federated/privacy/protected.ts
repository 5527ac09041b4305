// A method's vectors behind a clip and noise. They are hidden as the one long vector that they are together, so the promise is
// that of one answer; what is clipped is each vector's difference from what the server sent under its name, or the vector
// itself where it is a difference already.
import type { Method, Vector, Vectors } from "../method.ts";
import type { LocalPrivacy, PrivacyOptions } from "./local.ts";

export type Declared = Pick<Method, "name" | "sends" | "receives" | "differences" | "measures">;

/** Refuses a method for which a clip or noise would not mean what they say: a RangeError. */
export function checkProtects(method: Declared, { noise }: PrivacyOptions): void {
  const { name, sends, receives = sends, differences = [], measures = [] } = method;
  const refuse = (what: string): never => {
    throw new RangeError(`privacy: ${name} ${what}; take part in it without --clip and --epsilon, or not at all`);
  };
  const chosen = sends.find((one) => /[*?]$/.test(one));
  if (chosen !== undefined)
    refuse(`says something by which vectors it sends (${chosen}), got that as well, expected none`);
  const whole = sends.find((one) => !receives.includes(one) && !differences.includes(one));
  if (whole !== undefined) refuse(`sends ${whole}, got no difference from what it was sent, expected one to clip`);
  if (noise && measures.length > 0)
    refuse(`needs exact scalars at its server, got ${measures.join(", ")}, expected none behind noise`);
}

/** The vectors, no further from the server's than the clip in all, and hidden by noise where that is wanted. */
export function protectedVectors(
  local: LocalPrivacy,
  method: Declared,
  up: Vectors,
  { down, round }: { readonly down: Vectors; readonly round: number },
): Vectors {
  const { differences = [] } = method;
  const names = Object.keys(up);
  const from = names.map((name) => {
    const sent = up[name]!;
    const before = differences.includes(name) ? new Float32Array(sent.length) : down[name];
    if (before?.length !== sent.length)
      throw new RangeError(
        `privacy: ${name}, got ${sent.length} values, expected ${before?.length ?? "a vector of that name"} as the server sent; nothing is sent`,
      );
    return before;
  });
  const values = local.protect(joined(names.map((name) => up[name]!)), joined(from), round);
  let at = 0;
  return Object.fromEntries(names.map((name) => [name, values.slice(at, (at += up[name]!.length))]));
}

function joined(vectors: readonly Vector[]): Float32Array {
  const values = new Float32Array(vectors.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const vector of vectors) {
    if (vector instanceof Float64Array)
      throw new TypeError("privacy: got double precision, expected single; noise is made for that");
    values.set(vector, at);
    at += vector.length;
  }
  return values;
}
