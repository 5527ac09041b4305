// A small task for the examples: the state of a machine from two sensors. Every machine's sensors are off by an amount of their
// own, so a model of all machines fits none of them well.
import { fold, key, type Model, Stream } from "moiety";
import { mlp, mlpGate } from "moiety/nn";

export const model: Model = {
  expert: mlp(2, 3),
  gate: mlpGate(2),
  shape: [2],
  classes: ["idle", "working", "jammed"],
};

/** Readings of one machine, [temperature, vibration] each, with the state it was in. */
export function readings(machine: number, count = 60): { x: number[][]; labels: number[] } {
  const own = new Stream(fold(key(1), "offsets", machine));
  const offsets = [own.uniform() - 0.5, own.uniform() - 0.5] as const;
  const stream = new Stream(fold(key(1), "readings", machine));
  const labels = Array.from({ length: count }, () => stream.below(3));
  const sensor = (high: boolean, offset: number): number => {
    const value = (high ? 0.5 : -0.5) + offset + 0.5 * (stream.uniform() - 0.5);
    return Math.round(1000 * value) / 1000;
  };
  return { x: labels.map((state) => [sensor(state > 0, offsets[0]), sensor(state === 2, offsets[1])]), labels };
}
