// CSV files, read by a package that is loaded when the first one is.
import { unpack } from "./gzip.ts";
import type { NamedFile } from "./source.ts";

/** The cells of a file, line by line; a RangeError for quotes that do not match. */
export async function readCsv({ bytes, name }: NamedFile): Promise<string[][]> {
  // here and not above: only who reads such files needs the package
  const { default: csv } = await import("papaparse");
  // text decoders do not take shared memory everywhere
  const text = new TextDecoder().decode((await unpack(bytes, name)).slice());
  const { data, errors } = csv.parse<string[]>(text, { skipEmptyLines: true });
  const [error] = errors.filter(({ type }) => type === "Quotes");
  if (error) throw new RangeError(`csv: ${name}, row ${error.row ?? "?"}, ${error.message}; the file is damaged`);
  return data;
}
