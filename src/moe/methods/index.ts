// Every personal value that comes with moiety, by name.
import type { Entry, Personal } from "../personal.ts";
import { blend, calibrated } from "./calibrated.ts";
import { experts } from "./experts.ts";
import { featureGate } from "./featureGate.ts";
import { finetuned, head, lpft, rtfa } from "./finetuned.ts";
import { knn } from "./knn.ts";
import { labelLawTimes, majorityClass } from "./labelLaw.ts";
import { local } from "./local.ts";
import { mixture } from "./mixture.ts";
import { pooled } from "./pooled.ts";
import { pflMoe } from "./pflMoe.ts";
import { permuted, platt, posterior } from "./posterior.ts";
import { reweightedGate, stackedGate } from "./stackedGate.ts";
import { stream } from "./stream.ts";
import { constantWeight, ensemble } from "./weighed.ts";

const all: readonly Personal[] = [
  blend,
  calibrated,
  constantWeight,
  ensemble,
  experts,
  featureGate,
  finetuned,
  head,
  knn,
  labelLawTimes,
  local,
  lpft,
  majorityClass,
  mixture,
  permuted,
  pflMoe,
  platt,
  pooled,
  posterior,
  reweightedGate,
  rtfa,
  stackedGate,
  stream,
];

/** What a client can make of a federation's answers, by name. */
export const personals: ReadonlyMap<string, Personal> = new Map(all.map((value) => [value.name, value]));

/** All of them as they usually are, for those that begin from each other. */
export const usualEntries: Readonly<Record<string, Entry>> = Object.fromEntries(
  all.map((value) => [value.name, { value }]),
);
