// How the clients of a config train for themselves, and what a run of the paper's methods tells of them.
import type { Settings } from "../moe/index.ts";
import { paperRows, type Row } from "../moe/personalized.ts";
import type { Entry } from "../moe/personal.ts";
import { mixture } from "../moe/methods/mixture.ts";
import { usualEntries } from "../moe/methods/index.ts";
import { behaviour, type Config } from "./config.ts";

/** Defaults of the personal values' options. */
export function settingsOf(config: Config): Settings {
  const { clients: _, ...personal } = config.personal;
  const { keep, space, generalistDropout } = behaviour(config);
  const { variants: _variants, space: _space, ...mixing } = defined(config.mixture);
  const training = { ...personal, keep };
  return { training, mixture: { ...training, ...mixing, space, generalistDropout } };
}

/** The paper's methods, and the mixtures beside them that the config asks for. */
export function paperMethods({ mixture: { variants = {} } }: Config): {
  readonly rows: readonly Row[];
  readonly entries: Readonly<Record<string, Entry>>;
} {
  const beside = Object.entries(variants).map(([name, options]): [string, Entry] => [
    name,
    { value: mixture, options: defined(options) },
  ]);
  return {
    rows: [...paperRows, ...beside.map(([name]) => ({ name, of: name }))],
    entries: { ...usualEntries, ...Object.fromEntries(beside) },
  };
}

// a config's fields may be there and undefined, which is not to hide a default
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
