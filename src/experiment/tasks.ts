// What rows are asked for where that is no class, and what of a config then makes no sense: checked here, before anything is loaded.
import { type Dataset, isGenerated } from "../data/index.ts";
import { type Task, taskOf } from "../nn/index.ts";
import { type Config, ConfigError } from "./config.ts";

/** The task of a config; undefined where rows have a class. */
export function taskIn({ task }: Pick<Config, "task">): Task | undefined {
  return task && taskOf(task);
}

/** Partitions that ask for no labels. */
const blind: readonly string[] = ["iid", "column", "dirichlet-sizes", "quantity", "clusters", "given"];

/** What a config with a task may not ask for: the field, what it is, and what it could be. */
function problems(config: Config): readonly (readonly [field: string, got: string, expected: string])[] {
  const { task, files, dataset, fidelity, partition, shift, stream, posterior, mixture, model, federation } = config;
  const variants = Object.entries(mixture.variants ?? {});
  const three = variants.find(([, { threeWay }]) => threeWay);
  const outputs = [
    ["mixture", mixture.space] as const,
    ...variants.map(([name, { space }]) => [`mixture.variants.${name}`, space] as const),
  ];
  const output = outputs.find(([, space]) => space === "output");
  return [
    ...(files?.kind === "csv" || files?.kind === "npy" || (!files && isGenerated(dataset))
      ? []
      : [["files", files?.kind ?? "none", "csv or npy, which have targets"] as const]),
    ...(fidelity === "paper" ? [] : [["fidelity", fidelity, "paper, as the authors' code tells classes"] as const]),
    ...(blind.includes(partition.kind)
      ? []
      : [["partition.kind", partition.kind, `${blind.join(", ")}, which ask for no classes`] as const]),
    ...(shift?.kind === "labels" ? [["shift.kind", "labels", "rotation, noise or corruption"] as const] : []),
    ...(stream?.by === "label" ? [["stream.by", "label", "row"] as const] : []),
    ...(federation.attack?.kind === "label-flip"
      ? [["federation.attack.kind", "label-flip", `another one in a ${task}`] as const]
      : []),
    ...(posterior ? [["posterior", "a gate by laws of labels", `none in a ${task}`] as const] : []),
    ...(three ? [[`mixture.variants.${three[0]}.threeWay`, "true", `false in a ${task}`] as const] : []),
    ...(output ? [[`${output[0]}.space`, "output", `probability in a ${task}`] as const] : []),
    ...(["lenet", "bilstm", "transformer"].includes(model)
      ? [["model", model, "mlp, moe, soft-moe, factors or a module's path"] as const]
      : []),
  ];
}

/** Refuses what needs classes in a config that has another task; a ConfigError that names every such field. */
export function checkTask(config: Config): void {
  if (!config.task) return;
  const found = problems(config).map(([field, got, expected]) => `${field}: got ${got}, expected ${expected}`);
  if (found.length > 0) throw new ConfigError(`config: task ${config.task}: ${found.join("; ")}`);
}

/** Refuses those of some methods or values that read labels as classes, where a config has another task. */
export function checkNeeds(
  { task }: Pick<Config, "task">,
  asked: readonly { readonly name: string; readonly needsClasses?: boolean }[],
): void {
  const odd = task && asked.find(({ needsClasses }) => needsClasses);
  if (odd)
    throw new ConfigError(`config: task ${task}: got ${odd.name}, which needs classes, expected methods that do not`);
}

/** Refuses methods that learn on public rows, where a config has none. */
export function checkPublic(
  { publicRows }: Pick<Config, "publicRows">,
  asked: readonly { readonly name: string; readonly needsPublic?: boolean }[],
): void {
  const odd = publicRows === undefined && asked.find(({ needsPublic }) => needsPublic);
  if (odd)
    throw new ConfigError(
      `config: publicRows: got none, expected a number of rows, on which ${odd.name} learns; --set publicRows=500 takes them from what no client has`,
    );
}

/** Refuses methods that go by groups, where the data say none. */
export function checkGroups(
  dataset: Dataset,
  asked: readonly { readonly name: string; readonly needsGroups?: boolean }[],
): void {
  const odd = !(dataset.kind === "features" && dataset.groups) && asked.find(({ needsGroups }) => needsGroups);
  if (odd)
    throw new ConfigError(
      `config: files.group: got none, expected the column of groups, by which ${odd.name} goes; ${dataset.name} has no groups`,
    );
}

/** A ConfigError unless a dataset has what a config asks its rows for. */
export function checkTargets({ task }: Pick<Config, "task">, dataset: Dataset): void {
  const has = dataset.kind === "features" ? dataset.targets?.kind : undefined;
  if (has !== task)
    throw new ConfigError(
      `config: task: got ${task ?? "none"}, expected ${has ?? "none"}, as ${dataset.name} has ${has ? "targets" : "classes"}`,
    );
}
