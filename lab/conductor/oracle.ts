// What one client's models say of one input, at any time during a run and after it.
import { behaviour } from "../../src/experiment/fidelity.ts";
import { networks } from "../../src/experiment/networks.ts";
import { ClientFiles } from "../../src/experiment/clientFile.ts";
import type { Setup } from "../../src/experiment/setup.ts";
import type { RunStore } from "../../src/experiment/store.ts";
import { decodeSafetensors } from "../../src/io/safetensors.ts";
import { noGrad } from "../../src/autograd/op.ts";
import { scope, type Tensor } from "../../src/autograd/tensor.ts";
import type { TableCells } from "../../src/data/table.ts";
import { taskIn } from "../../src/experiment/tasks.ts";
import { expertAnswers, gateWeights, mixedAnswers, outputs } from "../../src/moe/evaluate.ts";
import { type Examples, FeatureExamples, ImageExamples, Net } from "../../src/nn/index.ts";
import { exp } from "../../src/runtime/scalar.ts";
import type { Answers, Inputs } from "../messages.ts";
import type { LabDataset } from "./datasets.ts";

export class Oracle {
  readonly setup: Setup<LabDataset>;
  readonly #files: ClientFiles;
  readonly #cells: TableCells | undefined;
  #generalist: Float32Array | undefined;

  /** @param cells are a table's, if rows are asked about as they are written */
  constructor(setup: Setup<LabDataset>, store: RunStore, cells?: TableCells) {
    this.setup = setup;
    this.#cells = cells;
    this.#files = new ClientFiles(store, setup);
  }

  /** Takes a generalist for the newest. */
  believe(generalist: Float32Array): void {
    this.#generalist = generalist;
  }

  /** Takes the generalist of a finished run's file. */
  believeFile(bytes: Uint8Array): void {
    const { tensors } = decodeSafetensors(bytes);
    this.believe(Float32Array.from([...tensors.values()].flatMap(({ data }) => Array.from(data, Number))));
  }

  /** Asks a client about an input of the dataset's shape; nobody answers before there is a generalist. */
  async answer(client: number, inputs: Inputs): Promise<Answers | undefined> {
    const { config, dataset } = this.setup;
    if (!this.#generalist) return undefined;
    const own = await this.#files.load(client);
    const generalist = this.#generalist;
    const modules = networks(config, dataset);
    const { expertOutput, space } = behaviour(config);
    const classes = dataset.classes.length;
    const task = taskIn(config);
    const asked = oneExample(dataset, isCells(inputs) ? this.#encode(inputs) : inputs);
    const of = (module: typeof modules.expert, values: Float32Array, width: number): Tensor => {
      const net = new Net(module, { group: "private", trainable: false });
      net.parameters.copyFrom(values);
      const answer = outputs(net, asked, width);
      net.dispose();
      return answer;
    };
    const lg = of(modules.expert, generalist, classes);
    const ls = own && of(modules.expert, own.kept["specialist"] as Float32Array, classes);
    const z = own && of(modules.gate, own.kept["gate"] as Float32Array, 1);
    try {
      if (task) {
        const read = (answers: Tensor): number[] => Array.from(task.readings(answers).toArray());
        return scope(() =>
          noGrad(() => {
            const [g, s] = [task.answers(lg), ls && task.answers(ls)];
            if (!s || !z) return { generalist: read(g) };
            return {
              generalist: read(g),
              own: { specialist: read(s), mixture: read(task.mix(s, g, z)), trust: gateWeights(z)[0]! },
            };
          }),
        );
      }
      return {
        generalist: probabilities(expertAnswers(lg, expertOutput)),
        ...(ls &&
          z && {
            own: {
              specialist: probabilities(expertAnswers(ls, expertOutput)),
              mixture: probabilities(mixedAnswers(space, expertOutput, { specialist: ls, generalist: lg }, z)),
              trust: gateWeights(z)[0]!,
            },
          }),
      };
    } finally {
      for (const tensor of [lg, ls, z]) tensor?.dispose();
      asked.dispose();
    }
  }

  #encode(cells: readonly string[]): Float32Array {
    if (!this.#cells) throw new TypeError("lab: these data have no rows that can be written down, got cells");
    return this.#cells.encode(cells);
  }
}

function isCells(inputs: Inputs): inputs is readonly string[] {
  return Array.isArray(inputs);
}

function oneExample(dataset: LabDataset, inputs: Uint8Array | Float32Array): Examples {
  const labels = [0];
  if (dataset.kind === "features") {
    if (!(inputs instanceof Float32Array)) throw new TypeError("lab: a table's rows are numbers, got bytes");
    return new FeatureExamples({ x: inputs, labels, shape: dataset.shape });
  }
  if (!(inputs instanceof Uint8Array)) throw new TypeError("lab: images are bytes, got numbers");
  const { shape, normalization } = dataset;
  return new ImageExamples({ x: inputs, labels, shape, normalization });
}

function probabilities(logp: Tensor): number[] {
  return scope(() => Array.from(logp.toArray(), (value) => exp(value)));
}
