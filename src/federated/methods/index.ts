// Every method that comes with moiety, by name.
import type { Method } from "../method.ts";
import { apfl } from "./apfl.ts";
import { ditto } from "./ditto.ts";
import { fedavg } from "./fedavg.ts";
import { fedavgm } from "./fedavgm.ts";
import { fedbabu } from "./fedbabu.ts";
import { fedbn } from "./fedbn.ts";
import { feddyn } from "./feddyn.ts";
import { fednova } from "./fednova.ts";
import { fedper } from "./fedper.ts";
import { fedadagrad, fedadam, fedyogi } from "./fedopt.ts";
import { fedprox } from "./fedprox.ts";
import { fedrep } from "./fedrep.ts";
import { flix } from "./flix.ts";
import { l2gd } from "./l2gd.ts";
import { lgfedavg } from "./lgfedavg.ts";
import { local } from "./local.ts";
import { mapper } from "./mapper.ts";
import { mrmtl } from "./mrmtl.ts";
import { perfedavg } from "./perfedavg.ts";
import { pfedme } from "./pfedme.ts";
import { scaffold } from "./scaffold.ts";

const all: readonly Method[] = [
  apfl,
  ditto,
  fedadagrad,
  fedadam,
  fedavg,
  fedavgm,
  fedbabu,
  fedbn,
  feddyn,
  fednova,
  fedper,
  fedprox,
  fedrep,
  fedyogi,
  flix,
  l2gd,
  lgfedavg,
  local,
  mapper,
  mrmtl,
  perfedavg,
  pfedme,
  scaffold,
];

/** The methods that come with moiety, by name. */
export const methods: ReadonlyMap<string, Method> = new Map(all.map((method) => [method.name, method]));
