// Clients of a simulation that hide what they send: local differential privacy on a pool. A client's account is kept beside what
// its method keeps, so that it survives workers, spilling and resume; no method ever sees it.
import type { Hiding } from "../hosts/bench.ts";
import { without } from "../servers.ts";
import type { Vectors } from "../turn.ts";
import { type Account, NOTHING_SPENT } from "./account.ts";
import type { Noise } from "./central.ts";
import { LocalPrivacy, type PrivacyOptions } from "./local.ts";
import { type Declared, protectedVectors } from "./protected.ts";

const ACCOUNT = "privacy.account";

/** What a client's answers have cost, by what it kept. */
export function accountIn(kept: Vectors): Account {
  const found = kept[ACCOUNT];
  return found ? { rounds: found[0]!, rho: found[1]! } : NOTHING_SPENT;
}

/** What a client kept, as its method is to see it. */
export function withoutAccount(kept: Vectors): Vectors {
  return Object.hasOwn(kept, ACCOUNT) ? without(kept, (name) => name === ACCOUNT) : kept;
}

/** How a method's clients hide what they send; `noise` is where a client's is from. */
export function hiding(method: Declared, privacy: PrivacyOptions, noise: (client: number) => Noise): Hiding {
  return {
    rest: withoutAccount,
    begin: ({ client, down, kept }, round) => {
      const local = new LocalPrivacy(privacy, accountIn(kept), noise(client));
      local.afford();
      return (up) => {
        const sent = protectedVectors(local, method, up, { down, round });
        const { rounds, rho } = local.account;
        return { up: sent, account: { [ACCOUNT]: Float64Array.of(rounds, rho) } };
      };
    },
  };
}
