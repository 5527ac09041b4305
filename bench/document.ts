// Tables in a Markdown file between marks, so that the numbers in it are those that a command wrote:
// <!-- bench: step --> ... <!-- /bench -->

const begin = (name: string): string => `<!-- bench: ${name} -->`;
const END = "<!-- /bench -->";

/** Puts `content` between the marks of `name`. Throws if the text has no such place. */
export function replaceSection(text: string, name: string, content: string): string {
  const from = text.indexOf(begin(name));
  const to = text.indexOf(END, from);
  if (from < 0 || to < 0) throw new RangeError(`document: no place for ${name}, expected ${begin(name)} ... ${END}`);
  return `${text.slice(0, from + begin(name).length)}\n\n${content}\n\n${text.slice(to)}`;
}
