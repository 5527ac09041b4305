// A mixture beside every layer whose first adapter is everybody's; the others and the router that weighs them are a client's own (CoMiGS,
// Fan et al. 2025).
import { isBeside, placeOf } from "../../nn/adapted.ts";
import { LoraMixture, type Mixed } from "../../nn/loraMixture.ts";
import type { Part } from "../../nn/parameters.ts";
import type { Kit } from "../kit.ts";
import { adapted, type Adapted, type Usual } from "./adapters.ts";

/** What weighs adapters. */
export const isRouter: Part = (name) => isBeside(name) && placeOf(name).own === "router";
/** The adapters, everybody's and own ones. */
export const isExpert: Part = (name) => isBeside(name) && !isRouter(name);
/** The adapters that everybody has. */
export const isGeneralist: Part = (name) => isBeside(name) && ["a", "b"].includes(placeOf(name).own);
/** What a client keeps to itself. */
export const isPrivate: Part = (name) => isBeside(name) && !isGeneralist(name);

export type MixtureOptions = Usual & { readonly specialists: number; readonly k: number };

/** A model with a mixture beside each of its layers: a common adapter, and some of the client's own. */
export function mixtureModel(
  kit: Kit,
  { layers, rank, alpha, specialists, k }: MixtureOptions,
  hear?: (mixed: Mixed) => void,
): Adapted {
  const options = { rank, alpha, experts: 1 + specialists, k, ...(hear && { hear }) };
  return adapted(kit, layers, ({ inputs, outputs }) => new LoraMixture(inputs, outputs, options));
}
