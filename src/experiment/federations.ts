// Which federations a config asks for, and a thread's part in one of them.
import type { Bench } from "../federated/hosts/bench.ts";
import { Kit } from "../federated/kit.ts";
import type { Method, ServerSide, Vectors } from "../federated/method.ts";
import type { Noise } from "../federated/privacy/central.ts";
import { lastClient } from "../moe/methods/authors.ts";
import { calibration, CALIBRATION_ROUNDS } from "../moe/methods/calibration.ts";
import { gaussians } from "../moe/methods/gaussians.ts";
import { everyOptimizer, Net } from "../nn/index.ts";
import { fold } from "../runtime/random.ts";
import { chosenMethods, type Federation, GENERALIST, methodOf } from "./chosenMethods.ts";
import { type Config, ConfigError } from "./config.ts";
import { behaviour } from "./fidelity.ts";
import { trainingOf } from "./methodPresets.ts";
import { flipped, liarsIn } from "./liars.ts";
import { networks } from "./networks.ts";
import { paperMethods } from "./personal.ts";
import { hidingOf } from "./localPrivacy.ts";
import { behindNoise } from "./privacy.ts";
import { federationKey, rootKey, type Setup } from "./setup.ts";
import { ownRows, staging } from "./staging.ts";
import { checkNeeds, checkPublic, taskIn } from "./tasks.ts";

/** The federations of a config, in the order in which they run: its methods', or that of the generalist. */
export function federationsOf(config: Config): readonly Federation[] {
  const chosen = config.methods ? chosenMethods(config.methods) : [];
  const odd = Object.keys(config.training ?? {}).find((name) => !chosen.some((one) => one.name === name));
  if (odd !== undefined)
    throw new ConfigError(
      `config: training: got ${odd}, expected one of ${chosen.map(({ name }) => name).join(", ") || "methods that are compared"}`,
    );
  checkPublic(
    config,
    chosen.map(({ method }) => method),
  );
  checkNeeds(config, [
    ...chosen.map(({ method }) => method),
    ...chosen.flatMap(({ rows, entries }) => rows.map(({ of }) => entries[of]!.value)),
  ]);
  if (config.methods) {
    checkValidation(config, chosen);
    return chosen;
  }
  const fedavg = methodOf(GENERALIST);
  const method = behaviour(config).selection === "average" ? fedavg : lastClient(fedavg);
  const generalist = [{ name: GENERALIST, method, options: method.options, ...paperMethods(config) }];
  checkValidation(config, generalist);
  return generalist;
}

/** Refuses clients that train for themselves where they have no rows that say when to stop. */
function checkValidation({ rows, personal }: Config, federations: readonly Federation[]): void {
  const own = federations.flatMap((federation) => federation.rows.map(({ name }) => name));
  if (rows.validation === 0 && personal.clients > 0 && own.length > 0)
    throw new ConfigError(
      `config: rows.validation: got 0, expected 1 at least, by which clients end the training of ${own.slice(0, 3).join(", ")}; ` +
        `or take personal.clients=0, or --method with federated methods alone`,
    );
}

/** A federation that follows another one and leaves its model as it is. */
export interface Follower extends Federation {
  readonly rounds: number;
}

/** What calibrates a federation's model, and what learns how its inputs look in the model's features. */
export function followersOf(federation: string): { readonly calibration: Follower; readonly gaussians: Follower } {
  const follower = (method: Method, rounds: number): Follower => ({
    name: `${federation}-${method.name}`,
    method,
    options: {},
    rows: [],
    entries: {},
    rounds,
  });
  return { calibration: follower(calibration, CALIBRATION_ROUNDS), gaussians: follower(gaussians, 1) };
}

/** First weights of the model, the same for everybody. */
export function initialModel({ config, dataset }: Pick<Setup, "config" | "dataset">): Float32Array {
  const net = new Net(networks(config, dataset).expert, { group: "private" });
  const values = net.init(fold(rootKey(config), "init", "generalist")).parameters.toArray();
  net.dispose();
  return values;
}

/** What a method builds from in this thread. */
export function kitOf(
  { config, dataset, publicRows }: Pick<Setup, "config" | "dataset" | "publicRows">,
  name: string,
): Kit {
  const { lr, localEpochs: epochs, batchSize, optimizer } = trainingOf(config, name);
  return new Kit({
    model: networks(config, dataset).expert,
    classes: dataset.classes.length,
    task: taskIn(config),
    key: rootKey(config),
    initial: initialModel({ config, dataset }),
    optimizer: { ...optimizer, kind: optimizer?.kind ?? "adam", lr, make: everyOptimizer },
    epochs,
    batchSize,
    ...(publicRows && {
      publicRows: () => staging(config, dataset).train(publicRows, fold(rootKey(config), "batches", "public")),
    }),
  });
}

/** A federation's server; where noise is asked for, it has addresses unless another one is given. */
export function serverOf(setup: Setup, federation: Federation, noise?: Noise): ServerSide {
  const { name, method, options } = federation;
  return behindNoise(setup, federation, method.server(options, kitOf(setup, name)), noise);
}

/** What a federation's server begins with. */
export function initialOf(setup: Setup, { name, method, options }: Federation): Vectors {
  const kit = kitOf(setup, name);
  try {
    return method.client(kit, options).initial();
  } finally {
    kit.dispose();
  }
}

/** A federation's clients in this thread: rows are staged for a call and let go after it. */
export function benchOf(setup: Setup, { name, method, options }: Federation): Bench {
  const { config, dataset, clients } = setup;
  const root = rootKey(config);
  const staged = staging(config, dataset);
  const { attack } = trainingOf(config, name);
  const liars = new Set(attack?.kind === "label-flip" ? liarsIn(setup, attack) : []);
  const wrong = liars.size > 0 ? staging(config, flipped(dataset)) : staged;
  return {
    method,
    side: method.client(kitOf(setup, name), options),
    classes: dataset.classes.length,
    task: taskIn(config),
    key: federationKey(config),
    hiding: hidingOf(config, method),
    stage(client, round) {
      const { shared, rows, optedOut } = clients[client]!;
      // opted-out clients have no way in
      if (optedOut) throw new Error(`client ${client} has opted out and takes no part in the federation`);
      // who lies by labels trains on others than it validates on
      const seen = staged.of(client, round);
      const lied = liars.has(client) ? { ...seen, train: wrong.of(client, round).train } : seen;
      // a call mostly needs one of the two: most methods train without a look at the other, and validation looks at it alone
      const own = { train: shared, validation: rows.validation };
      return ownRows(config, lied, own, fold(root, "batches", client, round));
    },
  };
}
