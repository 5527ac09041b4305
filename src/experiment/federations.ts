// Which federations a config asks for, and a thread's part in one of them.
import type { Bench } from "../federated/hosts/pool.ts";
import { Kit } from "../federated/kit.ts";
import { type Method, type Options, optionsOf, type ServerSide, type Vectors } from "../federated/method.ts";
import { methods } from "../federated/methods/index.ts";
import { lastClient } from "../moe/methods/authors.ts";
import { Net } from "../nn/index.ts";
import { fold, type Key } from "../runtime/random.ts";
import { behaviour, type Config, ConfigError } from "./config.ts";
import { networks } from "./networks.ts";
import { isAddress } from "./ownNetworks.ts";
import { ownMethod } from "./ownMethods.ts";
import { rootKey, type Setup } from "./setup.ts";
import { staging } from "./staging.ts";

/** A method with its options, under the name that it has in records. */
export interface Federation {
  readonly name: string;
  readonly method: Method;
  readonly options: Options;
}

/** The generalist's federation: what local, fine-tuned and mixed models of the paper are compared with and made from. */
export const GENERALIST = "fedavg";

/** The method of a name or an address; a ConfigError says which there are. */
export function methodOf(name: string): Method {
  const found = isAddress(name) ? ownMethod(name) : methods.get(name);
  if (!found) throw new ConfigError(`methods: got ${name}, expected one of ${[...methods.keys()].join(", ")}`);
  return found;
}

/** The federations of a config, in the order in which they run: its methods', or that of the generalist. */
export function federationsOf(config: Config): readonly Federation[] {
  if (!config.methods) {
    const method = behaviour(config).selection === "average" ? methodOf(GENERALIST) : lastClient(methodOf(GENERALIST));
    return [{ name: GENERALIST, method, options: method.options }];
  }
  const all = Object.entries(config.methods).map(([name, given]) => {
    const method = methodOf(name);
    try {
      return { name: method.name, method, options: optionsOf(method, given) };
    } catch (error) {
      throw error instanceof RangeError ? new ConfigError(`methods: ${error.message}`) : error;
    }
  });
  const twice = all.find(({ name }, i) => all.findIndex((one) => one.name === name) < i);
  if (twice) throw new ConfigError(`methods: got two of the name ${twice.name}, expected names that differ`);
  return all;
}

/** First weights of the model, the same for everybody. */
export function initialModel({ config, dataset }: Pick<Setup, "config" | "dataset">): Float32Array {
  const net = new Net(networks(config, dataset).expert, { group: "private" });
  const values = net.init(fold(rootKey(config), "init", "generalist")).parameters.toArray();
  net.dispose();
  return values;
}

/** What methods build from in this thread. */
export function kitOf({ config, dataset }: Pick<Setup, "config" | "dataset">): Kit {
  const { lr, localEpochs: epochs, batchSize, optimizer } = config.federation;
  return new Kit({
    model: networks(config, dataset).expert,
    classes: dataset.classes.length,
    key: rootKey(config),
    initial: initialModel({ config, dataset }),
    optimizer: { ...optimizer, kind: optimizer?.kind ?? "adam", lr },
    epochs,
    batchSize,
  });
}

/** The address of a federation's random numbers: the same for all methods, which so have the same cohorts and batches. */
export function federationKey(config: Config): Key {
  return fold(rootKey(config), "federation");
}

/** A federation's server. */
export function serverOf(setup: Setup, { method, options }: Federation): ServerSide {
  return method.server(options, kitOf(setup));
}

/** What a federation's server begins with. */
export function initialOf(setup: Setup, { method, options }: Federation): Vectors {
  const kit = kitOf(setup);
  try {
    return method.client(kit, options).initial();
  } finally {
    kit.dispose();
  }
}

/** A federation's clients in this thread: rows are staged for a call and let go after it. */
export function benchOf(setup: Setup, { method, options }: Federation): Bench {
  const { config, dataset, clients } = setup;
  const root = rootKey(config);
  const staged = staging(config, dataset);
  return {
    method,
    side: method.client(kitOf(setup), options),
    classes: dataset.classes.length,
    key: federationKey(config),
    stage(client, round) {
      const { shared, rows, optedOut } = clients[client]!;
      // opted-out clients have no way in
      if (optedOut) throw new Error(`client ${client} has opted out and takes no part in the federation`);
      const seen = staged.of(client, round);
      const own = {
        train: seen.train(shared, fold(root, "batches", client, round)),
        validation: seen.validation(rows.validation),
      };
      return {
        ...own,
        dispose: () => {
          own.train.dispose();
          own.validation.dispose();
        },
      };
    },
  };
}
