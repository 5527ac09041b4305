// What a soak came to, in words; what is wrong goes to the findings.
import type { Memory } from "./memory.ts";
import type { Comparison } from "./straight.ts";

export interface SoakRecord {
  readonly kills: ReadonlyMap<string, number>;
  readonly memory: Memory;
  readonly comparison: Comparison;
  readonly findings: string[];
  readonly minutes: number;
  readonly say: (line: string) => void;
}

// of the SuperLink's memory Flower disposes
const OURS = new Set(["rounds", "join", "nodes", "relay"]);
/** Growth in an hour that is none: a part of the median, and MiB. */
const PART = 0.25;
const MIB = 16;
/** Minutes of one life below which a slope says little. */
const LEAST = 15;

export function report({ kills, memory, comparison, findings, minutes, say }: SoakRecord): void {
  const { rounds, states, answers, needed, absences, weightsSha256, wrong } = comparison;
  say(`killed: ${[...kills].map(([name, n]) => `${name} ${n}`).join(", ")}`);
  say(
    `${rounds} rounds of ${needed} answers; ${answers} answers left the nodes, ${answers - needed} of them for turns asked again`,
  );
  say(`${states} clients keep a state; the server's state ${weightsSha256}`);
  for (const line of absences) say(line);
  say(
    wrong.length > 0
      ? `NOT the bits of a run in one process:`
      : absences.length === 0
        ? "server, rounds and states: the bits of a run in one process"
        : `${absences.length} absences, each with its reason`,
  );
  for (const line of wrong) {
    findings.push(line);
    say(`FINDING ${line}`);
  }
  for (const { kind, lives, counted, longest, median, most, slope } of memory.growth()) {
    const grows = OURS.has(kind) && longest >= LEAST && slope > Math.max(MIB, PART * median);
    say(
      `${kind}: ${lives} lives, median ${median.toFixed(0)} MiB, most ${most.toFixed(0)} MiB` +
        (counted > 0
          ? `, ${slope.toFixed(1)} MiB an hour over ${counted} lives of up to ${longest.toFixed(0)} minutes`
          : ""),
    );
    if (grows) {
      findings.push(`${kind} grows by ${slope.toFixed(1)} MiB an hour`);
      say(`FINDING ${kind} grows`);
    }
  }
  say(`${memory.cpuSeconds.toFixed(0)} s of processor in about ${minutes} minutes`);
  say(`${findings.length} findings`);
}
