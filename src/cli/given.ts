// What was really given on the command line. An unset variable in a script leaves `--p=`, which is no 0 and no default.
import { ConfigError } from "../experiment/config.ts";

/** Flags that mean something without a value. */
const bare: ReadonlySet<string> = new Set(["resume"]);

/** Flags that may be said several times, and the words of commands that take several. */
const many: ReadonlySet<string> = new Set(["set", "vary", "method", "preset", "runs"]);

// 0x10 would pass for 16, and "1 " is somebody's slip
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Refuses words that say nothing, before anything is read into them. */
export function checkWords(words: readonly string[]): void {
  for (const [i, word] of words.entries()) {
    if (word === "--") return;
    const [, flag, value] = /^(--?[^\s=]+)=(.*)$/s.exec(word) ?? [];
    if (flag && value!.trim() === "") throw empty(flag);
    if (word.trim() === "") throw empty(words[i - 1]?.startsWith("-") ? words[i - 1]! : `argument ${i + 1}`);
  }
}

/** Refuses flags whose value is missing, is no number where one is needed, or was given twice. */
export function checkFlags(words: readonly string[], args: Readonly<Record<string, unknown>>): void {
  for (const [i, word] of words.entries()) {
    if (word === "--") return;
    const [, name, value] = /^(?:--|-(?=[A-Za-z](?:=|$)))([^\s=]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (!name || name.startsWith("no-")) continue;
    const given = args[name];
    const next = words[i + 1];
    // what came before, or a default, would hide that there is no value: the words tell
    const alone = value === undefined && (next === undefined || next.startsWith("--"));
    if (alone && typeof given !== "boolean" && !bare.has(name)) throw empty(`--${name}`);
    if (typeof given === "number" && !decimal.test((value ?? next ?? "").trim()))
      throw new ConfigError(`--${name}: got ${value ?? next}, expected a number`);
    if (Array.isArray(given) && !many.has(name))
      throw new ConfigError(`--${name}: got ${given.join(" and ")}, expected one value; give it once`);
  }
}

function empty(flag: string): ConfigError {
  return new ConfigError(`${flag}: got nothing, expected a value; is a variable unset?`);
}
