// What can go wrong with an update rule when somebody writes it down: a sign flipped, a term dropped, operands swapped, a
// constant changed, a comparison turned, an argument exchanged. From a node of the syntax tree to what stands there instead.
import { type BinaryExpression, type CallExpression, type Node, SyntaxKind } from "typescript/unstable/ast";
import {
  isArrowFunction,
  isBinaryExpression,
  isCallExpression,
  isConditionalExpression,
  isExpressionStatement,
  isForStatement,
  isIdentifier,
  isNumericLiteral,
  isObjectLiteralExpression,
  isPrefixUnaryExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isShorthandPropertyAssignment,
  isSpreadElement,
  isStringLiteral,
  isTemplateExpression,
  isVoidExpression,
  isYieldExpression,
} from "typescript/unstable/ast/is";

type Text = (node: Node) => string;

const turned: Readonly<Partial<Record<SyntaxKind, readonly string[]>>> = {
  [SyntaxKind.LessThanToken]: ["<=", ">="],
  [SyntaxKind.LessThanEqualsToken]: ["<", ">"],
  [SyntaxKind.GreaterThanToken]: [">=", "<="],
  [SyntaxKind.GreaterThanEqualsToken]: [">", "<"],
  [SyntaxKind.EqualsEqualsEqualsToken]: ["!=="],
  [SyntaxKind.ExclamationEqualsEqualsToken]: ["==="],
  [SyntaxKind.AmpersandAmpersandToken]: ["||"],
  [SyntaxKind.BarBarToken]: ["&&"],
};

const assigned: Readonly<Partial<Record<SyntaxKind, readonly string[]>>> = {
  [SyntaxKind.PlusEqualsToken]: ["-=", "="],
  [SyntaxKind.MinusEqualsToken]: ["+=", "="],
  [SyntaxKind.AsteriskEqualsToken]: ["/=", "="],
};

// functions of vectors and tensors whose first two arguments are alike and must not be exchanged
const ordered: ReadonlySet<string> = new Set("sub minus between plus div copyInto addInto pull mixed".split(" "));

// of a sum or a product, its first part is what is left without the other
const joined: ReadonlySet<string> = new Set("add mul sub div plus minus scaled between".split(" "));

// at which of its arguments a function has a weight, 1 unless it is given
const weights: Readonly<Record<string, number>> = { plus: 2, addGradient: 1, addInto: 2, scaled: 1, pull: 2 };

// settings of a training, a step or a server whose absence changes the rule
const telling: ReadonlySet<string> = new Set(
  "correct optimizer epochs weight place anchor start merge only train trainable weightDecay".split(" "),
);

/** What may stand in the place of an expression, as source text. */
export function replacements(node: Node, text: Text): string[] {
  if (isBinaryExpression(node)) return ofBinary(node, text);
  if (isNumericLiteral(node)) return [Number(node.text) === 0 ? "1" : `(${text(node)} + 1)`];
  if (node.kind === SyntaxKind.TrueKeyword) return ["false"];
  if (node.kind === SyntaxKind.FalseKeyword) return ["true"];
  if (isConditionalExpression(node)) return [text(node.whenTrue), text(node.whenFalse)];
  if (isPrefixUnaryExpression(node)) {
    const drops = node.operator === SyntaxKind.MinusToken || node.operator === SyntaxKind.ExclamationToken;
    return drops && !isNumericLiteral(node.operand) ? [text(node.operand)] : [];
  }
  if (isVoidExpression(node)) return ["undefined"];
  if (isCallExpression(node)) return ofCall(node, text);
  return [];
}

function ofBinary(node: BinaryExpression, text: Text): string[] {
  const { kind } = node.operatorToken;
  const [target, a, b] = [text(node.left), `(${text(node.left)})`, `(${text(node.right)})`];
  const set = assigned[kind];
  if (set) return set.map((other) => `${target} ${other} ${b}`);
  // beyond the end of a typed array there is nothing to be written to
  const other = turned[kind]?.filter((one) => !(one === "<=" && b.endsWith(".length)") && isForStatement(node.parent)));
  if (other) return other.map((one) => `${a} ${one} ${b}`);
  switch (kind) {
    case SyntaxKind.PlusToken:
      return isOfText(node) ? [] : [`${a} - ${b}`, a, b];
    case SyntaxKind.MinusToken:
      return [`${a} + ${b}`, `${b} - ${a}`, a];
    case SyntaxKind.AsteriskToken:
      return [`-(${a} * ${b})`, a, b];
    case SyntaxKind.SlashToken:
      return [`-(${a} / ${b})`, `${b} / ${a}`, a];
    case SyntaxKind.AsteriskAsteriskToken:
      return [a];
    // what is there is forgotten
    case SyntaxKind.QuestionQuestionToken:
      return [b];
    default:
      return [];
  }
}

function ofCall(call: CallExpression, text: Text): string[] {
  const given = call.arguments;
  const [callee, name, all] = [text(call.expression), nameOf(call.expression), given.map(text)];
  const again = (args: readonly string[]): string => `${callee}(${args.join(", ")})`;
  const found = given.flatMap((argument, at) =>
    withoutOne(argument, text).map((less) => again(all.map((one, i) => (i === at ? less : one)))),
  );
  // what is a method of a collection and has the same name is something else
  const isFunction = isIdentifier(call.expression) || name === "addGradient";
  if (name === "max" || name === "min") found.push(`Math.${name === "max" ? "min" : "max"}(${all.join(", ")})`);
  if (!isFunction || given.length === 0 || given.some(isSpreadElement)) return found;
  const [first, second, ...rest] = all as [string, ...string[]];
  // a sum without a weight is the same the other way round
  const isOrdered = ordered.has(name) && !(name === "plus" && given.length === 2) && !isSquared(call);
  if (second !== undefined && isOrdered) found.push(again([second, first, ...rest]));
  if (second !== undefined && joined.has(name)) found.push(first);
  const weight = weights[name];
  if (weight !== undefined)
    found.push(again(all.length > weight ? all.map((one, i) => (i === weight ? `-(${one})` : one)) : [...all, "-1"]));
  return found;
}

// settings with one of those left out that tell
function withoutOne(settings: Node, text: Text): string[] {
  if (!isObjectLiteralExpression(settings)) return [];
  const { properties } = settings;
  return properties.flatMap((property) => {
    if (!(isPropertyAssignment(property) || isShorthandPropertyAssignment(property))) return [];
    if (!isIdentifier(property.name) || !telling.has(property.name.text)) return [];
    const rest = properties.filter((one) => one !== property);
    return [`{ ${rest.map(text).join(", ")} }`];
  });
}

/** Whether a statement can be left out as a mutant: one that is there for what it does. */
export function isDroppable(node: Node): boolean {
  if (!isExpressionStatement(node)) return false;
  const { expression } = node;
  // a yield only lets others have a turn
  return !(isYieldExpression(expression) && !expression.asteriskToken);
}

// of what is squared, or measured, the sign does not matter
function isSquared({ parent }: Node): boolean {
  return isCallExpression(parent) && ["square", "normOf"].includes(nameOf(parent.expression));
}

function nameOf(callee: Node): string {
  if (isIdentifier(callee)) return callee.text;
  return isPropertyAccessExpression(callee) && isIdentifier(callee.name) ? callee.name.text : "";
}

// a + of texts is no sum
function isOfText(node: Node): boolean {
  if (isStringLiteral(node) || isTemplateExpression(node) || node.kind === SyntaxKind.NoSubstitutionTemplateLiteral)
    return true;
  return isBinaryExpression(node) && (isOfText(node.left) || isOfText(node.right));
}

/** Whether a node is a function, whose body runs when it is called. */
export function isFunction(node: Node): boolean {
  return (
    isArrowFunction(node) ||
    node.kind === SyntaxKind.FunctionDeclaration ||
    node.kind === SyntaxKind.FunctionExpression ||
    node.kind === SyntaxKind.MethodDeclaration ||
    node.kind === SyntaxKind.Constructor ||
    node.kind === SyntaxKind.GetAccessor
  );
}
