// Every method that comes with moiety, by name.
import type { Method } from "../method.ts";
import { ditto } from "./ditto.ts";
import { fedavg } from "./fedavg.ts";
import { fedper } from "./fedper.ts";
import { fedprox } from "./fedprox.ts";
import { fedrep } from "./fedrep.ts";
import { local } from "./local.ts";
import { scaffold } from "./scaffold.ts";

const all: readonly Method[] = [ditto, fedavg, fedper, fedprox, fedrep, local, scaffold];

/** The methods that come with moiety, by name. */
export const methods: ReadonlyMap<string, Method> = new Map(all.map((method) => [method.name, method]));
