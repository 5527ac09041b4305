// What a run is asked for, and what it tells.
import type { Dataset } from "../data/index.ts";
import type { RunRecords } from "../report/records.ts";
import type { RoundMetric } from "../report/metrics.ts";
import type { Pool } from "../runtime/pool.ts";
import type { ExperimentCalls } from "./clients.ts";
import type { Config } from "./config.ts";
import type { RecordsOptions } from "./files.ts";
import type { Measured } from "./measured.ts";
import type { Setup } from "./setup.ts";

/** What a run needs, and who hears of it. */
export interface RunOptions extends RecordsOptions {
  /** What is asked for, checked by parseConfig. */
  readonly config: Config;
  /** The data that it names. */
  readonly dataset: Dataset;
  /** Makes the pool the clients run on, once the setup is known. */
  readonly pool: (setup: Setup) => Promise<Pool<ExperimentCalls>>;
  /** Go on from what the store holds; otherwise begin anew. */
  readonly resume?: boolean;
  /** Aborting it ends the run where it can be gone on with. */
  readonly signal?: AbortSignal;
  /** Hears what happens, as it happens. */
  readonly onEvent?: (event: RunEvent) => void;
  /** Hears what a user should know of: a torn file whose client is done again. */
  readonly onNote?: (note: string) => void;
  /** For summary.json: how to repeat the run, and where it ran. */
  readonly command?: string;
  /** Where it runs, for people. */
  readonly runtime?: string;
  /** Bytes that a method's states of clients may take in memory; what is beyond lies in the store. 256 MiB unless said. */
  readonly stateBytes?: number;
  /** Also write audit.jsonl: every tensor and scalar that left a client, as it left. A resumed run goes on with its log. */
  readonly audit?: boolean;
}

/** What happens, as it happens. */
export type RunEvent =
  /** Of a set-up that takes its time: how many clients are ready. */
  | { readonly kind: "setup"; readonly done: number; readonly total: number }
  | {
      readonly kind: "phase";
      readonly phase: "federation" | "clients";
      readonly done: number;
      readonly total: number;
      /** Whose federation, in a run of several methods. */
      readonly method?: string;
    }
  | RoundMetric
  | {
      readonly kind: "personalized";
      readonly client: number;
      readonly done: number;
      readonly total: number;
      readonly result: Measured;
    };

/** A finished run's records, or where an interrupted one stands. */
export type RunResult =
  { readonly finished: true; readonly records: RunRecords } | { readonly finished: false; readonly at: string };
