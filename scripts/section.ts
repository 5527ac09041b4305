// Parts of a page that a command writes, between marks: <!-- bench: step --> ... <!-- /bench -->

/** Puts `content` between the marks of `name`. Throws if the text has no such place. */
export function replaceSection(text: string, kind: string, name: string, content: string): string {
  const begin = `<!-- ${kind}: ${name} -->`;
  const end = `<!-- /${kind} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) throw new RangeError(`section: no place for ${name}, expected ${begin} ... ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}
