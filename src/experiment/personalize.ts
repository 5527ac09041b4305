// A client's private part: who answers for it after each federation, what it makes of that, and how well all of them do.

import type { Tensor } from "../autograd/tensor.ts";
import { type Bench, turnKey } from "../federated/hosts/bench.ts";
import type { Answer, Answers, Own, Vector, Vectors } from "../federated/method.ts";
import { countsOf } from "../federated/statistics.ts";
import type { FeatureSums } from "../moe/gaussians.ts";
import { Desk } from "../moe/personal.ts";
import {
  evaluateRows,
  keptOf,
  type PersonalValidation,
  type Results,
  type Row,
  validated,
} from "../moe/personalized.ts";
import type { Predictor } from "../moe/predictor.ts";
import { type Examples, predictAll } from "../nn/index.ts";
import { fold } from "../runtime/random.ts";
import { answersOf, begun } from "./answers.ts";
import { type Federation, GENERALIST } from "./chosenMethods.ts";
import type { Clock, HeldOf } from "./clock.ts";
import { behaviour } from "./fidelity.ts";
import { naming } from "./diverged.ts";
import { federationsOf } from "./federations.ts";
import { lensOf } from "./lens.ts";
import type { Measured } from "./measured.ts";
import { networks } from "./networks.ts";
import { settingsOf } from "./personal.ts";
import { rootKey, type Setup } from "./setup.ts";
import { staging } from "./staging.ts";
import { taskIn } from "./tasks.ts";
import type { Watch } from "./watch.ts";

/** What a federation left for one client, by the federation's name: what it is sent, and what it keeps. */
export type Held = Readonly<Record<string, HeldOf>>;

/** What a client holds of a generalist alone. */
export function heldGeneralist(generalist: Float32Array): Held {
  return { [GENERALIST]: { down: { model: generalist }, kept: {}, round: 0 } };
}

export type PersonalCall = (call: { client: number; held: Held }) => Measured;

/** The call of one thread that does a client's private part; `clock` reads compared methods, `seen` looks on. */
export function personalizing(
  setup: Setup,
  benchFor: (federation: string) => Bench,
  clock: Clock,
  seen?: Watch,
): PersonalCall {
  const { config, dataset, clients } = setup;
  const { expert, gate, threeGate } = networks(config, dataset);
  const { expertOutput } = behaviour(config);
  const settings = settingsOf(config);
  const root = rootKey(config);
  const classes = dataset.classes.length;
  const stage = staging(config, dataset);
  const task = taskIn(config);
  const federations = federationsOf(config).filter(({ rows }) => rows.length > 0);

  // what everybody's model answers serves every client of this worker that has the same tests
  const known = new Map<string, { readonly of: Vector; readonly on: Examples; readonly tensor: Tensor }>();
  const answersOn = (whose: string, on: Examples, answer: Answer): Tensor | undefined => {
    const of = answer.weights?.();
    if (!of) return undefined;
    const before = known.get(whose);
    if (before?.on === on && same(before.of, of)) return before.tensor;
    before?.tensor.dispose();
    known.delete(whose);
    const tensor = predictAll(on, classes, answer);
    known.set(whose, { of, on, tensor });
    return tensor;
  };

  // who answers for a client after a federation, by their roles in it
  const answersFor = (client: number, { name, method }: Federation, held: Held, own: Own): Answers => {
    const { side, key } = benchFor(name);
    const { down, kept, round } = held[name]!;
    const turn = { client, round, down, kept, own, effort: 1, key: turnKey(key, client, round) };
    return answersOf(side, begun(side, method, turn));
  };

  return ({ client, held }) => {
    seen?.tell({ kind: "begins", client, part: "private" });
    let found = config.methods ? clock.compare(client, held) : nothing(client);
    if (federations.length === 0) return found;
    const { rows, globalTest } = clients[client]!;
    const staged = stage.of(client);
    const tests = staged.tests(rows.test, globalTest);
    const train = staged.train(rows.train, fold(root, "batches", client));
    const validation = staged.validation(rows.validation);
    const majority = (rows.classes ?? []).map((c) => lensOf(config, dataset, client)?.view.labels?.[c] ?? c);
    // rows that others see tell nothing of the client's own distribution, nor do targets
    const isLaw = !task && config.shift?.globalTest !== "federation";
    const law = isLaw ? countsOf(train.labels, classes) : undefined;
    const validations: PersonalValidation[] = [];
    try {
      for (const federation of federations) {
        const told = federation.rows;
        const desk = new Desk({
          answers: answersFor(client, federation, held, { train, validation }),
          own: { train, validation, classes, task },
          expert,
          gate,
          threeGate,
          output: expertOutput,
          settings,
          calibration: held[federation.name]!.calibration?.["calibration"],
          gaussians: held[federation.name]!.gaussians as FeatureSums | undefined,
          entries: federation.entries,
          init: { local: fold(root, "init", "local"), gate: fold(root, "init", "gate") },
          key: fold(root, "personal", client),
          known: (role, on, answer) =>
            on === tests.examples ? answersOn(`${federation.name}-${role}`, on, answer) : undefined,
          hear: (entry, at, asked) => {
            const row = federation.rows.find(({ of }) => of === entry);
            // mixtures beside the main one are not told of while they train
            if (row === undefined || federation.entries[entry]!.value.name !== entry) return;
            const validation = validated(row.name, at);
            validations.push(validation);
            seen?.tell({ kind: "epoch", client, ...validation });
            seen?.look(client, row.name, asked);
          },
        });
        try {
          const { made, ...results } = evaluateRows(desk, told, { ...tests, classes, law, task }, majority, [
            "finetuned",
          ]);
          found = joined(found, results, config.methods ? keptUnder(told, made) : keptAlone(told, made));
        } finally {
          desk.dispose();
        }
      }
      return { ...found, validations };
    } catch (error) {
      const rates = { "personal.lr": config.personal.lr, "mixture.lr": config.mixture.lr };
      throw naming(error, `client ${client}: `, rates);
    } finally {
      train.dispose();
      validation.dispose();
      tests.dispose();
    }
  };
}

// of the paper's methods a client keeps its mixture
function keptAlone(rows: readonly Row[], made: readonly Predictor[]): Vectors {
  return keptOf(made[rows.findIndex(({ of }) => of === "mixture")]!);
}

function keptUnder(rows: readonly Row[], made: readonly Predictor[]): Vectors {
  return Object.fromEntries(rows.flatMap(({ name }, i) => Object.entries(keptOf(made[i]!, `${name}.`))));
}

function nothing(client: number): Measured {
  return { client, kept: {}, scores: {}, epochs: {}, gates: {}, validations: [] };
}

function joined(
  { client, kept, scores, epochs, trust, gates, constantWeight, curves = [], ...read }: Measured,
  more: Omit<Results, "made">,
  stays: Vectors,
): Measured {
  const turned = [...curves, ...(more.curves ?? [])];
  const [gate, constant] = [trust ?? more.trust, constantWeight ?? more.constantWeight];
  return {
    client,
    kept: { ...kept, ...stays },
    scores: { ...scores, ...more.scores },
    epochs: { ...epochs, ...more.epochs },
    ...(gate && { trust: gate }),
    gates: { ...gates, ...more.gates },
    ...(constant !== undefined && { constantWeight: constant }),
    ...(turned.length > 0 && { curves: turned }),
    ...read,
  };
}

function same(a: Vector, b: Vector): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => value === b[i]));
}
