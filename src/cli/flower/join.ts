// moiety join: one client in a Flower federation, until the server says farewell; then its specialist and its gate.
import { readFile } from "node:fs/promises";
import { farewellOf } from "../../experiment/farewell.ts";
import { type Config, ConfigError } from "../../experiment/index.ts";
import { federationsOf } from "../../experiment/federations.ts";
import { localPrivacy, isLocal } from "../../experiment/localPrivacy.ts";
import { stateFiles } from "../../experiment/progress.ts";
import {
  type Account,
  checkPrivacy,
  connect,
  describe,
  KeptStates,
  type Ledger,
  loadIdentity,
  LocalPrivacy,
  NOTHING_SPENT,
  parseAccount,
  pooledTrainer,
  type PrivacyOptions,
  runNode,
} from "../../federated/backends/flower/index.ts";
import { jsonLine } from "../../io/jsonl.ts";
import { Folder } from "../folder.ts";
import { interruptible } from "../interrupt.ts";
import { measureMember, memberSetup, personalizeMember, startMember } from "./member.ts";
import type { MemberArguments } from "./flags.ts";

export interface JoinArguments extends MemberArguments {
  address: string;
  key: string | undefined;
  ca: string | undefined;
  insecure: boolean;
  heartbeat: number;
  clip: number | undefined;
  epsilon: number | undefined;
  delta: number;
  budget: number | undefined;
  secure?: boolean | undefined;
}

/** What this client's noisy answers have cost. */
const ACCOUNT = "privacy.json";

/** Joins, trains when asked, personalizes at the end. */
export async function join(args: JoinArguments): Promise<void> {
  const { address, client, insecure, heartbeat } = args;
  const given = privacyOf(args);
  if (!(heartbeat >= 10 && heartbeat <= 1800))
    throw new ConfigError(`--heartbeat: got ${heartbeat} s, expected 10 to 1800`);
  const setup = await memberSetup(args);
  if (setup.clients[client]!.optedOut)
    throw new ConfigError(`client ${client} has opted out in this config; moiety pull gives it the generalist`);
  const privacy = given ?? hiddenBy(setup.config);
  if (given?.noise && args.method && !isLocal(setup.config))
    throw new ConfigError(
      "--epsilon: the server of this federation goes by training losses and scores, which noise has to hide; " +
        "give server and clients --set federation.privacy.kind=local with clip and epsilon, or join with --clip alone",
    );
  if (given && !given.noise && isLocal(setup.config))
    throw new ConfigError("--clip: the config's clients hide what they send; give --epsilon as well, or neither");
  if (args.secure && privacy?.noise)
    throw new ConfigError(
      "--secure: got noise beside masks, expected one of the two; leave out --epsilon, or --secure",
    );
  const folder = new Folder(args.out);
  const ledger = await accountOf(folder, privacy);
  const states = new KeptStates(({ federation, method }) => stateFiles(folder, `states/${federation}/${method}`));
  const ca = args.ca === undefined ? undefined : await readFile(args.ca, "utf8");
  const transport = await connect(address, { ca, insecure });
  const identity = await loadIdentity(args.key ?? `${folder.path}/node.key`);
  const pool = await startMember({ setup, privacy, secure: args.secure });
  const { signal, release } = interruptible("leaving the federation at once");
  try {
    const { reason, rounds, generalist, farewell } = await runNode({
      transport,
      identity,
      trainer: pooledTrainer(pool, client, { ledger, states }),
      heartbeatSeconds: heartbeat,
      signal,
      onEvent: (event) => console.log(`client ${client}  ${describe(event)}`),
      onLeaving: (leaving) => folder.append("sent.jsonl", jsonLine({ time: new Date().toISOString(), ...leaving })),
    });
    if (reason === "left") {
      console.log(`left after ${rounds} rounds; joining again goes on`);
      process.exitCode = 130;
      return;
    }
    if (generalist === undefined)
      throw new RangeError("join: the federation closed before its final generalist was fetched; moiety pull gets it");
    const end = farewell && (await farewellOf(farewell, states, client));
    if (!end) await personalizeMember(pool, setup, client, generalist, folder);
    else {
      await measureMember(pool, setup, client, end.held, folder);
      // what the client keeps is in its file now
      for (const method of Object.keys(end.held)) await states.forget({ federation: end.federation, method, client });
      await folder.remove(`states/${end.federation}`);
    }
    console.log(`what left this client: ${folder.path}/sent.jsonl`);
  } finally {
    release();
    transport.close();
    await pool.close();
  }
}

/** The noise that a config asks of all its clients, of all its methods alike. */
function hiddenBy(config: Config): PrivacyOptions | undefined {
  const [found] = federationsOf(config).map(({ method }) => localPrivacy(config, method));
  return found;
}

/** What this client asks for itself, whatever the others do. */
function privacyOf({ clip, epsilon, delta, budget }: JoinArguments): PrivacyOptions | undefined {
  if (epsilon !== undefined && clip === undefined)
    throw new ConfigError("--epsilon: noise is measured against the longest update; give --clip as well");
  if (budget !== undefined && epsilon === undefined)
    throw new ConfigError("--budget: it is spent by noise; give --clip and --epsilon as well");
  if (clip === undefined) return undefined;
  const noise = epsilon === undefined ? undefined : { epsilon, delta };
  const privacy = { clip, noise, budget };
  try {
    checkPrivacy(privacy);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
  return privacy;
}

/** The privacy account in the folder, which outlives this session. */
async function accountOf(folder: Folder, privacy: PrivacyOptions | undefined): Promise<Ledger> {
  const path = `${folder.path}/${ACCOUNT}`;
  const read = async (): Promise<Account> => {
    const bytes = await folder.read(ACCOUNT);
    if (bytes === undefined) return NOTHING_SPENT;
    try {
      return parseAccount(JSON.parse(new TextDecoder().decode(bytes)));
    } catch (error) {
      throw new ConfigError(`${path}: ${(error as Error).message}`);
    }
  };
  const account = await read();
  if (account.rounds > 0 && privacy?.noise === undefined)
    throw new ConfigError(
      `${path}: ${account.rounds} answers were hidden by noise, and one without it would undo them; give --clip and --epsilon`,
    );
  const spent = privacy === undefined ? undefined : new LocalPrivacy(privacy, account).spent();
  if (spent !== undefined && spent.rounds > 0)
    console.log(`privacy so far: epsilon ${spent.epsilon.toFixed(2)} at delta ${spent.delta}, kept in ${path}`);
  return { read, write: (next) => folder.write(ACCOUNT, `${JSON.stringify(next)}\n`) };
}
