// The document that figures are drawn in: the page's own, or a small one where there is no page.

/** The page's document, or a linkedom document in Node, Deno and Bun; loads linkedom only where it is needed. */
export async function openDocument(): Promise<Document> {
  if (typeof document !== "undefined") return document;
  const { parseHTML } = await import("linkedom");
  return parseHTML("<!doctype html><html><body></body></html>").document;
}
