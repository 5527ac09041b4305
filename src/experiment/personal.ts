// How the clients of a config train for themselves, and what a run of the paper's methods tells of them.
import type { Settings } from "../moe/index.ts";
import { paperRows, type Row } from "../moe/personalized.ts";
import type { Entry } from "../moe/personal.ts";
import { blend, calibrated } from "../moe/methods/calibrated.ts";
import { featureGate } from "../moe/methods/featureGate.ts";
import { mixture } from "../moe/methods/mixture.ts";
import { pooled } from "../moe/methods/pooled.ts";
import { permuted, platt, posterior } from "../moe/methods/posterior.ts";
import { reweightedGate } from "../moe/methods/stackedGate.ts";
import { stream } from "../moe/methods/stream.ts";
import { ensemble } from "../moe/methods/weighed.ts";
import { usualEntries } from "../moe/methods/index.ts";
import type { Config } from "./config.ts";
import { privately } from "../moe/methods/authors.ts";
import { behaviour } from "./fidelity.ts";
import { everyOptimizer } from "../nn/index.ts";

/** Defaults of the personal values' options. */
export function settingsOf(config: Config): Settings {
  const { clients: _, optimizer, ...personal } = config.personal;
  const { variants: _variants, space: _space, ...mixing } = defined(config.mixture);
  const training = { ...personal, ...(optimizer && { rule: { ...defined(optimizer), make: everyOptimizer } }) };
  return privately({ training, mixture: { ...training, ...mixing } }, behaviour(config));
}

/** Rows that a posterior gate brings. */
export const gateRows: readonly string[] = [
  "calibrated",
  "blend",
  "constantBlend",
  "permuted",
  "reweightedGate",
  "platt",
  "posterior",
  "pooled",
  "pooledGate",
  "featureGate",
  "stream",
  "streamBlocks",
  "streamAlternating",
];

/** The posterior gate with what it is made of and held against, as a config sets it. */
function gateMethods({ rho, hazard }: NonNullable<Config["posterior"]>): Readonly<Record<string, Entry>> {
  const changes = hazard === "held-out" ? { heldOut: true } : { hazard };
  const streamed = (turn: number): Entry => ({ value: stream, options: { ...changes, turn } });
  return {
    calibrated: { value: calibrated },
    blend: { value: blend },
    constantBlend: { value: ensemble, options: { specialist: "blend", generalist: "calibrated" } },
    permuted: { value: permuted, options: { rho } },
    reweightedGate: { value: reweightedGate, options: { rho } },
    platt: { value: platt, options: { rho } },
    posterior: { value: posterior, options: { rho } },
    pooled: { value: pooled },
    pooledGate: { value: posterior, options: { rho, specialist: "pooled" } },
    featureGate: { value: featureGate, options: { rho, specialist: "blend" } },
    stream: streamed(0),
    streamBlocks: streamed(20),
    streamAlternating: streamed(1),
  };
}

/** The paper's methods, and the mixtures and gates beside them that the config asks for. */
export function paperMethods({ mixture: { variants = {} }, posterior: gate, task }: Config): {
  readonly rows: readonly Row[];
  readonly entries: Readonly<Record<string, Entry>>;
} {
  const beside = Object.entries(variants).map(([name, options]): [string, Entry] => [
    name,
    { value: mixture, options: defined(options) },
  ]);
  const gates = gate ? gateRows.filter((name) => name !== "featureGate" || gate.features) : [];
  const more = [...beside.map(([name]) => name), ...gates];
  const fits = ({ of }: Row): boolean => !(task && usualEntries[of]?.value.needsClasses);
  return {
    rows: [...paperRows.filter(fits), ...more.map((name) => ({ name, of: name }))],
    entries: { ...usualEntries, ...Object.fromEntries(beside), ...(gate && gateMethods(gate)) },
  };
}

// a config's fields may be there and undefined, which is not to hide a default
function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
