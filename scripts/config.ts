// npm run docs:config: writes the tables of docs/config.md from the schema that checks configs.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fields as flags } from "../src/cli/experimentFlags.ts";
import { configFields } from "../src/experiment/schema.ts";
import type { Field } from "../src/experiment/schema/field.ts";
import { defaultOf } from "../src/experiment/schema/defaults.ts";
import { replaceSection } from "./section.ts";

/** The page. */
export const configPage: string = fileURLToPath(new URL("../docs/config.md", import.meta.url));

const code = (text: string): string => `\`${text}\``;
// a page of the documents is a link among them
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/docs\/([\w/-]+\.md)/g, "[$1]($1)");
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf(".")));
const flagOf = new Map<string, string>(Object.entries(flags).map(([flag, path]) => [path, flag]));

function row(field: Field, under: string): string {
  const { path, kinds, about = "", limits, matters } = field;
  const flag = flagOf.get(path);
  const notes = [
    ...(kinds.length > 0 ? [`of ${kinds.join(", ")}`] : []),
    ...(matters === undefined ? [] : [matters]),
    ...(flag === undefined ? [] : [code(`--${flag}`)]),
  ];
  const name = under === "" ? path : path.slice(under.length + 1);
  return `| ${[code(name), about, defaultOf(field), limits, notes.join("; ")].map(cell).join(" | ")} |`;
}

const head = "| field | meaning | default | limits | of which kinds, where it matters, flag |\n|---|---|---|---|---|";

function table(fields: readonly Field[], under: string, told: Map<object, string>): string {
  const rows: string[] = [];
  // what is declared once and used again is told of once
  const again = new Map<string, string[]>();
  for (const field of fields) {
    const parent = parentOf(field.path);
    const before = told.get(field.declaration);
    if (before !== undefined && before !== parent) {
      const key = `${parent} ${before}`;
      again.set(key, [...(again.get(key) ?? []), field.path.slice(parent.length + 1)]);
    } else {
      told.set(field.declaration, parent);
      rows.push(row(field, under));
    }
  }
  const notes = [...again].map(([key, names]) => {
    const [parent, before] = key.split(" ");
    return `Of ${code(parent!)} also ${names.map(code).join(", ")}, as of ${code(before!)}.`;
  });
  return [`${head}\n${rows.join("\n")}`, ...notes].join("\n\n");
}

/** The tables: what a config has, and what each group in it has. */
export function configTables(): string {
  const fields = configFields();
  const told = new Map<object, string>();
  const top = fields.filter(({ path }) => !path.includes("."));
  const groups = top
    .map(({ path, about }) => ({ path, about, of: fields.filter((field) => field.path.startsWith(`${path}.`)) }))
    .filter(({ of }) => of.length > 0);
  return [
    table(top, "", told),
    ...groups.map(
      ({ path, about, of }) =>
        `## ${path}\n\n${cell(about![0]!.toUpperCase() + about!.slice(1))}.\n\n${table(of, path, told)}`,
    ),
  ].join("\n\n");
}

/** The page with its tables as they are now. */
export function withTables(page: string): string {
  return replaceSection(page, "config", "fields", configTables());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(configPage, withTables(readFileSync(configPage, "utf8")));
  console.log(configPage);
}
