// The public surface of the data floor: datasets in, typed arrays and row numbers out.
export { type Arrays, type ArraysOptions, fromArrays } from "./arrays.ts";
export {
  type CatalogueEntry,
  catalogue,
  type DatasetName,
  fileNames,
  type ImageDatasetName,
  type ImageEntry,
  loadAgNews,
  loadCifar10,
  loadCifar100,
  loadDataset,
  loadFashionMnist,
  type TextEntry,
} from "./catalogue.ts";
export {
  type Dataset,
  type ImageDataset,
  type Normalization,
  type Split,
  take,
  type TextDataset,
  type TextSplit,
} from "./dataset.ts";
export { dirichlet, gamma, multinomial, normal } from "./distributions.ts";
export {
  type FeatureDataset,
  type Features,
  type FeaturesOptions,
  type FeatureSplit,
  fromFeatures,
  type Grouping,
  type TargetKind,
  type Targets,
} from "./features.ts";
export { type Found, findDataset, survey } from "./find.ts";
export { generated, generateDataset, type GeneratedEntry, type GeneratedName, isGenerated } from "./generated.ts";
export { formatIdx, type Idx, parseIdx } from "./idx.ts";
export type { OwnerNames, Owners } from "./owners.ts";
export { loadOwn, type OwnData } from "./own.ts";
export { niidBench, type NiidBenchOptions } from "./partition/niidBench.ts";
export { pfllib, type PfllibOptions, pooledPartition, type PooledRows } from "./partition/pfllib.ts";
export { clusterHands } from "./partition/clusters.ts";
export { column, type ColumnOptions } from "./partition/column.ts";
export { dirichletLabels, type DirichletLabelsOptions } from "./partition/dirichlet.ts";
export { extendedDirichlet, type ExtendedDirichletOptions } from "./partition/extended.ts";
export { type GivenPartition, givePartition, takePartition } from "./partition/given.ts";
export { type Counts, type Hands, part, type PartOptions } from "./partition/hands.ts";
export type { Choice } from "./partition/holders.ts";
export { dirichletSizes, type DirichletSizesOptions, iid } from "./partition/iid.ts";
export { innerDirichlet, type InnerDirichletOptions } from "./partition/inner.ts";
export { majority, type MajorityOptions } from "./partition/majority.ts";
export { keepBack, optOut, type OwnRows } from "./partition/opt-out.ts";
export type { ClientRows, Labels, Partition, Sizes } from "./partition/partition.ts";
export { labelQuantity, pathological, type PathologicalOptions } from "./partition/pathological.ts";
export { publicRows } from "./partition/publicRows.ts";
export { quantity, type QuantityLaw, type QuantityOptions, sizesBy } from "./partition/quantity.ts";
export { shards, type ShardsOptions } from "./partition/shards.ts";
export {
  dirichletHands,
  type DirichletHandsOptions,
  dirichletShares,
  type DirichletSharesOptions,
} from "./partition/shares.ts";
export { pooled } from "./pooled.ts";
export { type Corruption, corruptions } from "./shift/corruption.ts";
export { type Drift, moves, type Place, type Shift, viewOf } from "./shift/shift.ts";
export { type StreamOptions, windowOf } from "./shift/stream.ts";
export { renamed, type Rows, seen, type View } from "./shift/view.ts";
export { share } from "./share.ts";
export { bundled, type DataSource, memorySource, urlSource } from "./source.ts";
export { loadTable, type TableOptions, type Windows } from "./table.ts";
export { fromTexts, type Texts, type TextsOptions } from "./texts.ts";
export { tokenize } from "./tokens.ts";
export { PADDING, UNKNOWN, vocabularyOf } from "./vocabulary.ts";
export type { ColumnKind, Columns } from "./columnKinds.ts";
