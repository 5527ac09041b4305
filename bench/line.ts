// A measurement as one JSON line.
import * as v from "valibot";

/** One case of one runner: ours when `peer` is missing. */
export interface Line {
  readonly suite: string;
  readonly name: string;
  readonly runtime: string;
  /** Which kernels: plain, relaxed, wide. */
  readonly build: string;
  /** Median milliseconds of one call; null where the case could not be run. */
  readonly ms: number | null;
  readonly gflops?: number;
  /** gflops over what the machine's 128-bit multiply and add units gave in the same rounds. */
  readonly ofPeak?: number;
  readonly peer?: string;
  /** The peer's time over ours, both of the same rounds. */
  readonly ratio?: number;
  /** Timings of two states of the machine or the compiler: the fast, the slow, and the slow one's share. */
  readonly bimodal?: { readonly fast: number; readonly slow: number; readonly slowShare: number };
  /** Why there is no measurement. */
  readonly error?: string;
  /** Other numbers of the case, each with its unit in its name. */
  readonly also?: Readonly<Record<string, number>>;
}

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

const schema: v.GenericSchema<unknown, Line> = v.pipe(
  v.strictObject({
    suite: v.string(),
    name: v.string(),
    runtime: v.string(),
    build: v.string(),
    ms: v.nullable(positive),
    gflops: v.exactOptional(positive),
    ofPeak: v.exactOptional(positive),
    peer: v.exactOptional(v.string()),
    ratio: v.exactOptional(positive),
    bimodal: v.exactOptional(v.strictObject({ fast: positive, slow: positive, slowShare: positive })),
    error: v.exactOptional(v.string()),
    also: v.exactOptional(v.record(v.string(), v.number())),
  }),
  v.check(({ ms, error }) => (ms === null) === (error !== undefined), "ms or an error expected, not both"),
);

/** Checks a line that was read back; throws an error that says what is wrong with it. */
export function parseLine(text: string): Line {
  const found = v.safeParse(schema, JSON.parse(text));
  if (found.success) return found.output;
  const [issue] = found.issues;
  throw new TypeError(`line: ${v.getDotPath(issue) ?? "record"}, ${issue.message}, in ${text}`);
}
