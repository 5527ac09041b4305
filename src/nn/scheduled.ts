// A rate that goes by a schedule from step to step.
import { Around } from "./around.ts";
import type { Rated } from "./optimizers.ts";
import { checkSchedule, factorAt, type Schedule } from "./schedule.ts";
import { type Memories, number } from "./state.ts";

/** An optimiser whose rate, before each step, is the one it was made with times what the schedule says of that step. */
export class Scheduled extends Around {
  readonly #schedule: Schedule;
  readonly #rate: number;
  #steps = 0;

  /** @param schedule its `rounds` count steps here */
  constructor(inner: Rated, schedule: Schedule) {
    checkSchedule(schedule);
    super(inner);
    this.#schedule = schedule;
    this.#rate = inner.lr;
  }

  /** Steps at the rate of this step. */
  override step(): void {
    this.inner.lr = this.#rate * factorAt(this.#schedule, this.#steps++);
    this.inner.step();
  }

  /** The inner optimiser's, and how many steps there were. */
  override memory(): Memories {
    const steps = number(
      () => this.#steps,
      (count) => (this.#steps = count),
    );
    return [...super.memory(), ["scheduled", steps]];
  }

  /** Begins the schedule anew, too. */
  override reset(): void {
    this.#steps = 0;
    super.reset();
  }
}
