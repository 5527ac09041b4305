// Generalists, mixtures and federations asked for what cannot be.
import fc from "fast-check";
import { tensor } from "../../../src/autograd/index.ts";
import { averaging, firstState, type RoundsOptions, runRounds, States } from "../../../src/federated/index.ts";
import { Generalist, mixtureLoss, mixtureScores, personalize, trainGeneralist } from "../../../src/moe/index.ts";
import { key, Stream } from "../../../src/runtime/random.ts";
import { corner, points } from "../points.ts";
import { bad, type BadCall, noCount, noWord } from "./badCall.ts";

const misspelt = fc.constantFrom("learningRate", "epoch", "localEpoch", "batch_size", "Rounds", "toString");
const noNumber = fc.constantFrom<unknown>(NaN, Infinity, -Infinity, "1", null, undefined);
const rows = (): ReturnType<typeof points> => points(8, new Stream(key(1)), 1);
const two = (): ReturnType<typeof tensor> => tensor([-0.1, -2], [1, 2]);

export const moeCalls: readonly fc.Arbitrary<BadCall>[] = [
  bad("mixtureLoss space", noWord, (space) =>
    mixtureLoss(space as "output", two(), two(), tensor([0]), tensor([0], [1], "i32")),
  ),
  bad("mixtureScores space", noWord, (space) => mixtureScores(space as "output", two(), two(), tensor([0]))),
  bad("predict input", noNumber, (value) => new Generalist(corner).predict([[0.1, value as number]])),
  bad("trainGeneralist misspelt", misspelt, (option) => trainGeneralist(corner, [rows()], { [option]: 1 })),
  bad("trainGeneralist rounds", noCount, (rounds) => trainGeneralist(corner, [rows()], { rounds })),
  bad(
    "trainGeneralist input",
    noNumber,
    (value) =>
    trainGeneralist(corner, [{ x: [[0.1, value as number], [0, 1]], labels: [0, 1] }]), // prettier-ignore
  ),
  bad("trainGeneralist of nobody", fc.constantFrom([], [{ ...rows(), optOut: true }]), (clients) =>
    trainGeneralist(corner, clients),
  ),
  bad("personalize misspelt", misspelt, (option) => personalize(new Generalist(corner), rows(), { [option]: 1 })),
  bad("personalize heldOut", fc.constantFrom(0, 1, -1, NaN), (heldOut) =>
    personalize(new Generalist(corner), rows(), { heldOut }),
  ),
  bad("runRounds misspelt", misspelt, (option) => rounds({ [option]: 1 })),
  bad("runRounds answerSeconds", fc.constantFrom(0, -1, NaN), (answerSeconds) => rounds({ answerSeconds })),
  bad("runRounds dropout", fc.constantFrom(-0.1, 1, NaN), (dropout) => rounds({ dropout })),
  bad("runRounds slow", fc.constantFrom(-0.1, 1.1, NaN), (slow) => rounds({ slow })),
  bad("runRounds cohort", noCount, (cohort) => rounds({ cohort })),
  bad("runRounds of one client twice", fc.constantFrom([0, 0], [1, 2, 1]), (clients) => rounds({ clients })),
];

async function rounds(changes: Partial<RoundsOptions>): Promise<unknown> {
  const server = averaging();
  // a host that nobody is to ask
  const asked = (): never => {
    throw new Error("rounds: asked a client");
  };
  const usual = { clients: [0], rounds: 1, cohort: 1, sends: ["model"], states: new States(), key: key(1) };
  const options = { host: { train: asked, evaluate: asked }, server, ...usual, ...changes };
  return runRounds(options, firstState(server, { model: new Float32Array(1) }));
}
