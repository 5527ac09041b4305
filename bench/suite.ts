// What a suite is: cases as data. A case names its work in terms that every runner understands, in this process, in
// another library's or in another language; what it costs is found by sample.ts.
import type { Line } from "./line.ts";

/** Work as plain data: the runner of each peer makes the same of it, from the same numbers (see data.ts). */
export interface Task {
  readonly op: string;
  readonly [size: string]: number | string | boolean;
}

/** Work that is ready to be timed. */
export interface Prepared {
  run(): unknown;
  /** Numbers by which runners are compared before anything is timed: all of a result, or a few of a long one. */
  check?(): ArrayLike<number>;
  dispose?(): void;
}

export interface Case {
  readonly name: string;
  /** Floating-point operations of one run; a case that has them is shown beside the machine's peak. */
  readonly flops?: number;
  readonly task: Task;
  readonly prepare: () => Prepared;
  /** Whether it is a kernel call already, so that nothing lies above its kernels. */
  readonly direct?: boolean;
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly cases: readonly Case[];
  /**
   * For what cannot be timed call by call: finds its lines itself, those whose name is wanted.
   * @param options.beside whether peers are wanted too, where it has some of its own
   * @param options.rounds turns of every runner, where they take turns
   */
  readonly measure?: (
    wanted: (name: string) => boolean,
    options: { readonly beside: boolean; readonly rounds: number },
  ) => AsyncIterable<Omit<Line, "suite" | "runtime" | "build">>;
}
