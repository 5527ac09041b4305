// HTML from template strings: everything put in is escaped, except what is already HTML.

// a mark that no record read from a file can carry
const finished: unique symbol = Symbol("finished HTML");

/** A piece of finished HTML, made here and nowhere else. */
export interface Html {
  readonly html: string;
  readonly [finished]: true;
}

/** What a template takes: text and numbers are escaped, lists joined, null and false left out. */
export type HtmlPart = Html | string | number | null | false | readonly HtmlPart[];

/** A template of HTML: html`<p>${text}</p>`. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  return raw(strings.reduce((text, string, i) => text + write(parts[i - 1] ?? null) + string));
}

/** Text that is HTML already, as an SVG is. */
export function raw(text: string): Html {
  return { html: text, [finished]: true };
}

function write(part: HtmlPart): string {
  if (part === null || part === false) return "";
  if (isList(part)) return part.map(write).join("");
  if (typeof part === "object") {
    if (part[finished] !== true) throw new TypeError("html: got an object, expected text, a number or HTML made here");
    return part.html;
  }
  return String(part)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function isList(part: HtmlPart): part is readonly HtmlPart[] {
  return Array.isArray(part);
}
