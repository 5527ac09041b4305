// A disk that fills up at a random byte of a run: the run ends in one line that names the file, and with room again goes on
// to what an undisturbed run leaves. Root gets a small file system, anybody else a limit on the size of files.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { key, Stream } from "../../src/runtime/random.ts";
import type { Batch, Kind, Part } from "./kind.ts";
import { differs, type Ending, Program, reference, Trial, unclearEnd, wholeRecords } from "./programs.ts";

const KIB = 1024;
/** A run's folder is about so large. */
const MOST = 1000 * KIB;

function mounts(place: string, bytes: number): boolean {
  mkdirSync(place, { recursive: true });
  return (
    spawnSync("mount", ["-t", "tmpfs", "-o", `size=${Math.ceil(bytes / 4096) * 4096}`, "tmpfs", place]).status === 0
  );
}

// what must be said of a disk that is full
function unclear(ending: Ending): string | undefined {
  if (ending.code === 0) return undefined;
  const wrong = unclearEnd(ending);
  if (wrong !== undefined) return wrong;
  if (!/no space|ENOSPC|EFBIG|too large|disk/i.test(ending.said))
    return `does not say that the disk is full: ${ending.said.slice(-300)}`;
  if (!/--resume/.test(ending.said)) return `does not say how to go on: ${ending.said.slice(-300)}`;
  return undefined;
}

const full: Part = {
  name: "full",
  batch: async (seed): Promise<Batch> => {
    const { records } = await reference("run");
    const stream = new Stream(key(seed));
    const trial = new Trial();
    const disk = trial.at("disk");
    const room = Math.round(stream.uniform() * MOST);
    const told = (what: string): Batch => ({ cases: 1, findings: [{ what, example: `room for ${room} bytes` }] });
    const mounted = mounts(disk, room);
    try {
      const out = `${disk}/run`;
      const limit = mounted ? [] : ["bash", "-c", `ulimit -f ${Math.max(1, room >> 12)}; exec "$@"`, "bash"];
      const first = await new Program(trial.run(out), limit).ended;
      const wrong = unclear(first);
      if (wrong !== undefined) return told(wrong);
      if (mounted) spawnSync("mount", ["-o", "remount,size=64m", disk]);
      if (first.code !== 0) {
        const second = await new Program(trial.run(out)).ended;
        if (second.code !== 0)
          return told(unclearEnd(second) ?? `with room again it ended with ${second.code}: ${second.said.slice(-300)}`);
      }
      const file = differs(wholeRecords(out), records);
      return file === undefined ? { cases: 1, findings: [] } : told(`${file} is not what an undisturbed run leaves`);
    } finally {
      if (mounted) spawnSync("umount", ["-l", disk]);
      else rmSync(disk, { recursive: true, force: true });
      trial.dispose();
    }
  },
};

export const disks: Kind = {
  name: "disks",
  cases: "full disks",
  share: 1,
  limitSeconds: 240,
  parts: [full],
};
