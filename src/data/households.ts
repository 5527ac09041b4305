// The load of households by the hour, made up: 24 homes of four habits, ten weeks, one weather. Nothing of it was measured. In a home of
// habit h, at hour t of a day, the load in kilowatts is
//
//   base + sum over the habit's peaks of height * e^(-(t - centre)^2 / (2 width^2)) + heat * max(0, 15 - temperature) / 10 + noise
//
// with base, heights and heat scaled by the home's own size (0.7 to 1.5), peaks moved by an hour and a half on weekends, noise that
// remembers 0.6 of the hour before, and never below 0.05. The temperature is that of all homes: 8 - 6 cos(pi (t - 3) / 12) and a part that
// remembers 0.97 of the hour before.
import { fold, key, Stream } from "../runtime/random.ts";
import { cosHalfTurn, exp } from "../runtime/scalar.ts";
import { normal } from "./distributions.ts";

interface Peak {
  /** In hours after midnight. */
  readonly centre: number;
  readonly height: number;
  readonly width: number;
}

interface Habit {
  readonly base: number;
  readonly peaks: readonly Peak[];
  /** Kilowatts for ten degrees below 15. */
  readonly heat: number;
}

/** Who leaves early, who is at home by day, who works at night, and who heats by night. */
const habits: readonly Habit[] = [
  { base: 0.2, peaks: [{ centre: 6.5, height: 1.2, width: 1 }, { centre: 19, height: 1.8, width: 1.8 }], heat: 0.1 }, // prettier-ignore
  { base: 0.3, peaks: [{ centre: 12, height: 1.6, width: 2.5 }, { centre: 18, height: 1, width: 1.5 }], heat: 0.2 }, // prettier-ignore
  { base: 0.2, peaks: [{ centre: 15, height: 1.3, width: 1.5 }, { centre: 22.5, height: 1.7, width: 1.2 }], heat: 0.1 }, // prettier-ignore
  { base: 0.25, peaks: [{ centre: 2.5, height: 2.4, width: 1.5 }, { centre: 19, height: 0.9, width: 1.5 }], heat: 0.9 }, // prettier-ignore
];

/** How many homes, and how many days. */
export const HOMES = 24;
const DAYS = 70;

function weather(): number[] {
  const stream = new Stream(fold(key(0), "households", "weather"));
  let slow = 0;
  return Array.from({ length: 24 * DAYS }, (_, hour) => {
    slow = 0.97 * slow + 0.5 * normal(stream);
    return 8 - 6 * cosHalfTurn(around((hour % 24) - 3)) + slow;
  });
}

// the shorter way round the clock from midnight, in half turns
function around(hours: number): number {
  const part = ((((hours / 24) % 1) + 1) % 1) * 2;
  return part > 1 ? 2 - part : part;
}

const apart = (a: number, b: number): number => 12 * around(a - b);

/** As a CSV file: home, hour of the day on the clock's circle (`sin`, `cos`), temperature and kilowatts, hour by hour for each home. */
export function householdsCsv(): string {
  const degrees = weather();
  const lines = Array.from({ length: HOMES }, (_, home) => {
    const stream = new Stream(fold(key(0), "households", home));
    const { base, peaks, heat } = habits[home % habits.length]!;
    const size = 0.7 + 0.8 * stream.uniform();
    let noise = 0;
    return degrees.map((temperature, at) => {
      const hour = at % 24;
      const weekend = Math.floor(at / 24) % 7 >= 5;
      noise = 0.6 * noise + 0.12 * normal(stream);
      const peak = peaks.reduce((sum, { centre, height, width }) => {
        const far = apart(hour, centre + (weekend ? 1.5 : 0)) / width;
        return sum + height * exp((-far * far) / 2);
      }, 0);
      const load = size * (base + peak + (heat * Math.max(0, 15 - temperature)) / 10) + noise;
      const clock = [cosHalfTurn(around(hour - 6)), cosHalfTurn(around(hour))].map((value) => value.toFixed(4));
      return [`home${home}`, ...clock, temperature.toFixed(2), Math.max(0.05, load).toFixed(3)].join();
    });
  });
  return ["home,sin,cos,temperature,kilowatts", ...lines.flat(), ""].join("\n");
}
