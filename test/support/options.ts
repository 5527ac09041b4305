// Options that are not what they should be, by rule: what a door for options is tried with.
import fc from "fast-check";
import {
  COUNT,
  COUNT_OR_ENDLESS,
  COUNT_OR_NONE,
  NOT_NEGATIVE,
  type NumberRule,
  POSITIVE,
  SEED,
  SHARE,
} from "../../src/runtime/options.ts";

const never: readonly unknown[] = [NaN, -Infinity, "1", "ten", null, true, {}, [1], 1n];
const fraction = fc.double({ min: 1.001, max: 1e6, noNaN: true }).filter((value) => !Number.isInteger(value));
const negative = fc.oneof(fc.constant(-1), fc.double({ min: -1e9, max: -1e-9, noNaN: true }));

const beyond = new Map<NumberRule, fc.Arbitrary<unknown>>([
  [COUNT, fc.oneof(fc.constantFrom(0, -0, Infinity, 2 ** 53), fraction, negative)],
  [COUNT_OR_ENDLESS, fc.oneof(fc.constantFrom(0, 2 ** 53), fraction, negative)],
  [COUNT_OR_NONE, fc.oneof(fc.constantFrom(Infinity, 2 ** 53), fraction, negative)],
  [NOT_NEGATIVE, fc.oneof(fc.constant(Infinity), negative)],
  [POSITIVE, fc.oneof(fc.constantFrom(0, Infinity), negative)],
  [SHARE, fc.oneof(fc.constantFrom(0, 1, Infinity), negative, fraction)],
  [SEED, fc.oneof(fc.constantFrom(Infinity, 2 ** 53, 0.5), fraction)],
]);

/** One option that breaks its rule, and what it is expected to be. */
export function wrong(
  rules: Readonly<Record<string, NumberRule>>,
): fc.Arbitrary<{ name: string; value: unknown; expected: string }> {
  return fc.constantFrom(...Object.keys(rules)).chain((name) => {
    const rule = rules[name]!;
    return fc
      .oneof(fc.constantFrom(...never), beyond.get(rule)!)
      .map((value) => ({ name, value, expected: rule.expected }));
  });
}
