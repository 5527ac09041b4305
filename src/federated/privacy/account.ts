// What a client's noisy answers have cost so far. It is kept like any state of a client: it goes along with a task to
// whichever thread answers it, comes back with the answer, and is written down before the answer leaves.

/** The privacy account of one client. */
export interface Account {
  /** Answers that were hidden by noise. */
  readonly rounds: number;
  /** What they cost together in zero-concentrated differential privacy (Bun and Steinke 2016): it adds up. */
  readonly rho: number;
}

/** An account before its first round. */
export const NOTHING_SPENT: Account = { rounds: 0, rho: 0 };

/** Where an account is kept. Who keeps it on a disk keeps it over restarts. */
export interface Ledger {
  /** What has been spent so far. */
  read(): Promise<Account>;
  /** Resolves once it is kept; a rejection keeps the answer at home. */
  write(account: Account): Promise<void>;
}

/** A ledger that lasts as long as this object. */
export function memoryLedger(): Ledger {
  let account = NOTHING_SPENT;
  return {
    read: async () => account,
    write: async (next) => {
      account = next;
    },
  };
}

/** The account in what was read from a file: a RangeError unless it is one. */
export function parseAccount(value: unknown): Account {
  const { rounds, rho } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const whole = typeof rounds === "number" && Number.isSafeInteger(rounds) && rounds >= 0;
  if (!whole || !(typeof rho === "number" && rho >= 0 && rho < Infinity))
    throw new RangeError(
      `privacy: account, got ${JSON.stringify(value)?.slice(0, 80)}, expected rounds and rho; restore the file, it cannot be counted again`,
    );
  return { rounds, rho };
}
