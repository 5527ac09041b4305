// What is told of a client when all is over: how well who answers for it does, how that was trained, and what stays with it.
import type { Vector, Vectors } from "../federated/method.ts";
import type { Fit } from "../nn/fit.ts";
import { finish } from "../runtime/steps.ts";
import { score, type Scores, type TestSet } from "./evaluate.ts";
import type { Desk, Heard } from "./personal.ts";
import type { Predictor } from "./predictor.ts";
import { type Curve, curveOf } from "./tradeOff.ts";
import { gateTrust, type GateTrust, trust, type Trust } from "./trust.ts";

/** One validation of a client's private training. */
export interface PersonalValidation {
  /** Whose, by its row's name. */
  readonly method: string;
  /** After which epoch, which counts from 0. */
  readonly epoch: number;
  /** Mean loss of the epochs since the last one. */
  readonly trainLoss: number;
  /** Mean loss on the rows held out. */
  readonly validationLoss: number;
  /** Accuracy on them, in percent. */
  readonly validationAccuracy: number;
  /** Whether it was the best so far. */
  readonly best: boolean;
}

/** How long something was trained, and its best validation: what to choose between mixtures by. */
export interface Training {
  /** How long each row was trained, where it was. */
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly bestLoss: number;
}

/** What a client keeps, and what is told about it. */
export interface Personalized {
  /** The client, by its number. */
  readonly client: number;
  /** What stays with the client, by name: of the paper's methods the mixture's `specialist` and `gate`. */
  readonly kept: Vectors;
  /** How well each row does. */
  readonly scores: Readonly<Record<string, Scores>>;
  /** How long each row was trained, where it was. */
  readonly epochs: Readonly<Record<string, Training>>;
  /** What the first gate trusts, where there is one. */
  readonly trust?: GateTrust;
  /** The same of every gate, in short. */
  readonly gates: Readonly<Record<string, Trust>>;
  /** The weight that the constant-weight baseline chose on validation. */
  readonly constantWeight?: number;
  /** What can be turned, at all its settings. */
  readonly curves?: readonly NamedCurve[];
  /** What was heard while they trained. */
  readonly validations: readonly PersonalValidation[];
}

/** A row's curve. */
export interface NamedCurve extends Curve {
  readonly method: string;
}

/** A row of the comparison: its name in records, and who that is at the desk. */
export interface Row {
  /** In records. */
  readonly name: string;
  /** At the desk. */
  readonly of: string;
}

/** The paper's methods, as they are told. */
export const paperRows: readonly Row[] = [
  { name: "local", of: "local" },
  { name: "fedavg", of: "own" },
  ...["finetuned", "mixture", "ensemble", "constantWeight", "stackedGate", "labelLaw", "majorityClass"].map((name) => ({
    name,
    of: name,
  })),
];

/** A validation as it is told. */
export function validated(method: string, { epoch, trainLoss, loss, accuracy, best }: Heard): PersonalValidation {
  return { method, epoch, trainLoss, validationLoss: loss, validationAccuracy: 100 * accuracy, best };
}

const trainingOf = ({ epochs, bestEpoch, best }: Fit): Training => ({ epochs, bestEpoch, bestLoss: best.loss });

/** What rows of one desk come to, but for whose they are and what was heard of them. */
export type Results = Omit<Personalized, "client" | "validations" | "kept"> & { readonly made: readonly Predictor[] };

/**
 * Makes the rows and scores them.
 * @param first rows that are made before the others, in this order, as their trainings are told
 * @param majority the client's own classes, for what gates trust
 */
export function evaluateRows(
  desk: Desk,
  rows: readonly Row[],
  test: TestSet,
  majority: readonly number[],
  first: readonly string[] = [],
): Results {
  const epochs: Record<string, Training> = {};
  const early = first.flatMap((name) => rows.find((row) => row.name === name) ?? []);
  for (const { name, of } of [...early, ...rows]) {
    const { fit } = finish(desk.of(of));
    if (fit) epochs[name] ??= trainingOf(fit);
  }
  const made = rows.map(({ of }) => finish(desk.of(of)));
  const scores: Record<string, Scores> = {};
  const gates: Record<string, Trust> = {};
  const curves: NamedCurve[] = [];
  for (const [i, { name }] of rows.entries()) {
    const { weights, dial, scores: scored } = made[i]!;
    scores[name] = scored?.(test) ?? score(made[i]!.on(test.examples), test);
    if (dial) curves.push({ method: name, ...curveOf(dial(test.examples), test) });
    if (weights && !test.task) gates[name] = trust(weights(test.examples), test, majority);
  }
  // what a gate trusts is told by class
  const gate = test.task ? undefined : made.find(({ weights }) => weights)?.weights;
  const constant = made.find(({ weight }) => weight !== undefined);
  return {
    made,
    scores,
    epochs,
    ...(gate && { trust: gateTrust(gate(test.examples), test, majority) }),
    gates,
    ...(curves.length > 0 && { curves }),
    ...(constant && { constantWeight: constant.weight! }),
  };
}

/** What stays with the client of a predictor, its names under a prefix. */
export function keptOf({ nets = {} }: Predictor, prefix = ""): Record<string, Vector> {
  return Object.fromEntries(Object.entries(nets).map(([name, net]) => [prefix + name, net.parameters.toArray()]));
}
