// Real images for tests: the bundled part of Fashion-MNIST, or whatever larger part this machine has.
import { sources } from "../../../src/cli/sources.ts";
import { findDataset, type ImageDataset, loadDataset } from "../../../src/data/index.ts";

export async function fashion(): Promise<ImageDataset> {
  const { source } = await findDataset("fashion-mnist", await sources(undefined));
  return loadDataset("fashion-mnist", source);
}
