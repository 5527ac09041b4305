// What is wrong with a set-up, in the page's words: fields by their labels, and each at its place.

/** A problem that names fields by their paths, taken apart. */
export interface Told {
  /** The whole of it, with labels in place of paths. */
  readonly text: string;
  /** By path, what is wrong with a field. */
  readonly at: ReadonlyMap<string, string>;
}

/** Takes a message apart; `labels` by path, of the fields that can be seen. */
export function toldOf(message: string, labels: ReadonlyMap<string, string>): Told {
  const at = new Map<string, string>();
  if (message === "") return { text: "", at };
  // who says it is for programs
  const plain = message.replace(/^(?:config|lab|address): /, "");
  const parts = plain.split("; ").map((part) => {
    let said = part;
    // the longest first: one path may begin another
    for (const path of [...labels.keys()].toSorted((a, b) => b.length - a.length)) {
      // a path of one word may also be a word, unless the message begins with it
      const pattern = path.includes(".") ? `(^|[\\s(])${escaped(path)}(?=[\\s:,.)]|$)` : `(^)${escaped(path)}(?=[:,])`;
      const found = new RegExp(pattern).exec(said);
      if (!found) continue;
      const about = said.startsWith(path) ? said.slice(path.length).replace(/^[:,]? /, "") : undefined;
      said = said.replace(found[0], `${found[1]}“${labels.get(path)!}”`);
      if (!at.has(path)) at.set(path, sentence(about ?? said));
    }
    return said;
  });
  return { text: sentence(parts.join("; ")), at };
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
