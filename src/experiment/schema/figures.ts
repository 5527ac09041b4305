// A method's figures over clients, as records have them.
import * as v from "valibot";
import type { Stat } from "../../report/records.ts";

// JSON has no NaN: an interval over one client, or a likelihood that nobody measured, is null
export const number: v.GenericSchema<number | null, number> = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? NaN),
);
/** A mean and its spread. */
export const stat: v.GenericSchema<unknown, Stat> = v.object({ mean: number, std: number, ci95: number });

/** Of one method. */
export const result: v.GenericSchema = v.object({
  localTest: stat,
  globalTest: stat,
  localNll: v.optional(stat),
  globalNll: v.optional(stat),
  localEce: v.optional(stat),
  globalEce: v.optional(stat),
  localF1: v.optional(stat),
  globalF1: v.optional(stat),
  localAuc: v.optional(stat),
  globalAuc: v.optional(stat),
  localRmse: v.optional(stat),
  globalRmse: v.optional(stat),
  localMae: v.optional(stat),
  globalMae: v.optional(stat),
  lawTest: v.optional(stat),
  localParity: v.optional(stat),
  globalParity: v.optional(stat),
  localOpportunity: v.optional(stat),
  globalOpportunity: v.optional(stat),
});
