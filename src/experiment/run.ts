// The runner: federation, then every evaluated client's private part, then the records. It can be stopped at any instant
// and goes on from its store as if it had not been.
import { PoolHost } from "../federated/hosts/pool.ts";
import { audited } from "./auditLog.ts";
import { begin } from "./begun.ts";
import { runClients } from "./clientPhase.ts";
import { attacked, runFederations, taken, ticking } from "./federationPhase.ts";
import { weightsHash, writeRecords } from "./files.ts";
import { runFollowers } from "./following.ts";
import { trainingOf } from "./methodPresets.ts";
import { answering, endedOf, generalistOf } from "./moments.ts";
import { clearFederations } from "./progress.ts";
import { summarize } from "./records.ts";
import type { RunOptions, RunResult } from "./runOptions.ts";
import { evaluatedClients } from "./setup.ts";

/** Runs an experiment to its end, or to the abort of `signal`. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { config, store } = options;
  const begun = await begin(options);
  if (typeof begun === "string") return { finished: false, at: begun };
  const { setup, origin, plans, rounds } = begun;
  const wanted = evaluatedClients(config);

  const pool = await options.pool(setup);
  try {
    const over = await runFederations(options, begun, (plan) => {
      const { name } = plan.federation;
      const pooled = new PoolHost(pool, plan.states, name);
      const { attack } = trainingOf(config, name);
      return {
        host: attack ? attacked(pooled, setup, attack) : pooled,
        tick: (at) => ticking(setup, pool, plan, at),
      };
    });
    if (typeof over === "string") return { finished: false, at: over };
    const federated = over.reduce((sum, { seconds }) => sum + seconds, 0);

    const began = performance.now();
    const followed = await runFollowers({
      setup,
      ended: endedOf(setup, over),
      host: (follower, states) => {
        const own = new PoolHost(pool, states, follower.name);
        return begun.audit ? audited(own, follower, store) : own;
      },
      signal: options.signal,
    });
    if (!followed) return { finished: false, at: "what follows the federation" };
    const done = await runClients(options, setup, pool, over, followed, wanted);
    if (!done) return { finished: false, at: "the clients' private training" };
    const privately = (performance.now() - began) / 1000;

    const servers = [
      ...over.map(({ server, state }) => answering(setup, server, state, -1)),
      ...Object.values(followed).flatMap(({ calibration = {}, gaussians = {} }) => [calibration, gaussians]),
    ];
    const [first] = over;
    const summary = summarize({
      setup,
      done,
      rounds: first!.state.round,
      bestRound: first!.state.bestRound,
      ...((config.methods ?? config.federation.privacy ?? config.federation.attack) && {
        federations: await taken(setup, over),
      }),
      wallSeconds: federated + privately,
      phases: {
        ...(config.methods
          ? Object.fromEntries(over.map(({ federation, seconds }) => [federation.name, seconds]))
          : { federation: federated }),
        clients: privately,
      },
      weightsSha256: weightsHash(servers, done),
      kernels: origin.kernels,
      command: options.command ?? "",
      runtime: options.runtime ?? "",
    });
    const records = await writeRecords(options, setup, generalistOf(setup, over), done, rounds, summary);
    await clearFederations(
      store,
      plans.map(({ federation }) => federation.name),
    );
    return { finished: true, records };
  } finally {
    await pool.close();
  }
}
