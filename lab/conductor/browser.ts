// The name of a browser, for the records of a run.

const marks = [
  ["Edg", "Edge"],
  ["Firefox", "Firefox"],
  ["Chrome", "Chromium"],
  ["Version", "Safari"],
] as const;

/** `Chromium 147`, from what a browser says of itself. */
export function browserName(userAgent: string): string {
  for (const [mark, name] of marks) {
    const version = new RegExp(`${mark}/(\\d+)`).exec(userAgent)?.[1];
    if (version) return `${name} ${version}`;
  }
  return "a browser";
}
