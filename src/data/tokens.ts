// From text to words. The authors' code splits at white space, but the files it reads (ag_news.train, ag_news.test: a label,
// a comma, then text) are those that fastText's classification-results.sh makes of the published CSV, so the rules of that
// script (Joulin et al. 2016) are part of the tokeniser: lower case, punctuation apart, some of it gone.

/**
 * Words and punctuation marks of a text, in order. Capitals become lower case, A to Z only, so that no engine's Unicode tables
 * matter; ' . , ( ) ! ? are words of their own; quotes vanish, ; and : and <br /> separate, and so does white space.
 */
export function tokenize(text: string): string[] {
  return text
    .replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase())
    .replaceAll('"', "")
    .replace(/<br \/>|[;:]/g, " ")
    .replace(/['.,()!?]/g, " $& ")
    .split(/\s+/)
    .filter((word) => word !== "");
}
