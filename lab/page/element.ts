// Elements in one line. Text is text: nothing here takes HTML.

/** What an element may hold. */
export type Content = Node | string | null | readonly Content[];

type Value = string | number | boolean | ((event: never) => void) | undefined;

/**
 * A new element. Attributes by name; `true` is a bare attribute, false and undefined are left out, functions listen to the
 * event of their name (`onclick`).
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Value>> = {},
  ...content: readonly Content[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  dress(element, attributes);
  fill(element, content);
  return element;
}

const svgSpace = "http://www.w3.org/2000/svg";

/** The same for SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, Value>> = {},
  ...content: readonly Content[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(svgSpace, tag);
  dress(element, attributes);
  fill(element, content);
  return element;
}

/** The element of the page with this id. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`page: no element #${id}`);
  return found as T;
}

function dress(element: Element, attributes: Readonly<Record<string, Value>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
}

function fill(element: Element, content: readonly Content[]): void {
  for (const part of content) {
    if (part === null) continue;
    if (typeof part === "string" || part instanceof Node) element.append(part);
    else fill(element, part);
  }
}
