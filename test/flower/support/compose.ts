// The services of flower/compose.yaml. No parser of YAML is at hand, so what is read is the part of it that the file keeps to, and any
// other line is an error; `npm run test:flower -- compose` holds it against PyYAML.
import { readFileSync } from "node:fs";
import { project } from "./python.ts";

export interface ComposeService {
  readonly image: string;
  readonly build?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly command: readonly string[];
  readonly network_mode?: string;
  readonly depends_on?: readonly string[];
  readonly volumes: readonly string[];
  readonly restart: string;
}

export interface Compose {
  readonly name: string;
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, null>>;
}

export const composeFile: string = `${project}/compose.yaml`;

/** A value in one line: words of JSON, where 'single quotes' may stand as well. */
function valueOf(text: string): unknown {
  if (/^[\w-]+$/.test(text)) return text;
  return JSON.parse(text.replaceAll(/(?<=[[ ])'([^']*)'/g, (_, words: string) => JSON.stringify(words)));
}

export function readCompose(): Compose {
  const root: Record<string, unknown> = {};
  let path: Record<string, unknown>[] = [root];
  for (const line of readFileSync(composeFile, "utf8").split("\n")) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, indent, key, value] = /^((?: {2})*)([\w-]+):(?: (.+))?$/.exec(line) ?? [];
    const parent = path[indent === undefined ? -1 : indent.length / 2];
    if (key === undefined || !parent)
      throw new SyntaxError(`compose: got ${line}, expected a key and a value in one line`);
    path = path.slice(0, indent!.length / 2 + 1);
    if (value !== undefined) parent[key] = valueOf(value);
    else path.push((parent[key] = {}) as Record<string, unknown>);
  }
  const { volumes = {} } = root as { volumes?: object };
  return {
    ...root,
    volumes: Object.fromEntries(Object.keys(volumes).map((name) => [name, null])),
  } as unknown as Compose;
}

/** What the image runs where a service says nothing else. */
export function imageEntrypoint(): readonly string[] {
  const [, found] = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(`${project}/Dockerfile`, "utf8")) ?? [];
  if (found === undefined) throw new SyntaxError("compose: flower/Dockerfile, got no ENTRYPOINT, expected one");
  return JSON.parse(found) as string[];
}
