// What a sweep's run that ended without a result leaves in its folder: why.
import { parseFailure } from "../experiment/recordSchema.ts";
import { readJson } from "../experiment/checked.ts";
import { recordVersion } from "../report/records.ts";
import type { Folder } from "./folder.ts";

/** The file of a run's folder that says why it ended without a result. */
export const FAILED = "failed.json";

/** Leaves the reason in a run's folder. */
export function writeFailure(folder: Folder, reason: string): Promise<void> {
  return folder.write(FAILED, `${JSON.stringify({ version: recordVersion, reason }, null, 2)}\n`);
}

/** The reason that a failed run left, if it did. */
export async function failureIn(folder: Folder): Promise<string | undefined> {
  const bytes = await folder.read(FAILED);
  if (!bytes) return undefined;
  const name = `report: ${folder.path}/${FAILED}`;
  return parseFailure(readJson(bytes, name), name).reason;
}
