// A source file with all of its mutants in it, each asleep until it is told to be the one: `mutant(7) ? b - a : a - b`. So the
// files are loaded once, and trying another mutant costs no more than its tests.
import { type Node, type SourceFile, SyntaxKind } from "typescript/unstable/ast";
import { isIdentifier, isPropertyAssignment, isTypeNode } from "typescript/unstable/ast/is";
import { isDroppable, isFunction, replacements } from "./operators.ts";

export interface Mutant {
  /** Within the repository. */
  readonly file: string;
  readonly line: number;
  /** The whole line, without indentation. */
  readonly context: string;
  readonly was: string;
  /** Empty where a statement is left out. */
  readonly now: string;
}

// what a declaration says about a method is no rule: others hold it to that
const declared: ReadonlySet<string> = new Set(
  "name paper about options ranges sends receives keeps traffic presets laws note".split(" "),
);

// errors, types and imports
const passedOver: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.ThrowStatement,
  SyntaxKind.TemplateExpression,
  SyntaxKind.ImportDeclaration,
  SyntaxKind.ExportDeclaration,
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
  SyntaxKind.TypeParameter,
]);

/** Puts a file's mutants into it; `found` gets them, and a mutant's number is its place there. */
export function withMutants(source: SourceFile, file: string, found: Mutant[]): string {
  const whole = source.text;
  const plain = (node: Node): string => whole.slice(node.getStart(source), node.end);
  const lines = whole.split("\n");

  const note = (node: Node, now: string): number => {
    const line = whole.slice(0, node.getStart(source)).split("\n").length;
    return found.push({ file, line, context: lines[line - 1]!.trim(), was: plain(node), now }) - 1;
  };

  // the text of a node with mutants in it; outside of functions there are none, because that runs only once
  const visit = (node: Node, inside: boolean): string => {
    if (passedOver.has(node.kind) || isTypeNode(node)) return plain(node);
    if (!inside && isPropertyAssignment(node) && isIdentifier(node.name) && declared.has(node.name.text))
      return plain(node);
    const within = inside || isFunction(node);
    let [text, at] = ["", node.getStart(source)];
    node.forEachChild((child) => {
      const start = child.getStart(source);
      // names of properties are no expressions
      const isName = isPropertyAssignment(node) && child === node.name;
      text += whole.slice(at, start) + (isName ? plain(child) : visit(child, within));
      at = child.end;
    });
    text += whole.slice(at, node.end);
    if (!inside) return text;
    // in braces, as an else may follow that is not this one's
    if (isDroppable(node)) return `{ if (!mutant(${note(node, "")})) { ${text} } }`;
    return replacements(node, plain).reduceRight(
      (otherwise, now) => `(mutant(${note(node, now)}) ? (${now}) : ${otherwise})`,
      replacements(node, plain).length > 0 ? `(${text})` : text,
    );
  };
  let [text, at] = ["", 0];
  source.forEachChild((child) => {
    const start = child.getStart(source);
    text += whole.slice(at, start) + visit(child, false);
    at = child.end;
  });
  return text + whole.slice(at);
}
