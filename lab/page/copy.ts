// Text for the reader's clipboard.
import { el } from "./element.ts";

/** Copies text, also where a page is not served securely and has no clipboard of its own. Rejects where neither is allowed. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = el("textarea", { style: "position: fixed; opacity: 0", readonly: true }, text);
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("copy: the browser does not allow it");
}
