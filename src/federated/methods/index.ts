// Every method that comes with moiety, by name.
import type { Method } from "../method.ts";
import { aem } from "./aem.ts";
import { apfl } from "./apfl.ts";
import { apple } from "./apple.ts";
import { cfedfn } from "./cfedfn.ts";
import { cfl } from "./cfl.ts";
import { comigs } from "./comigs.ts";
import { cwfedavg } from "./cwfedavg.ts";
import { dac } from "./dac.ts";
import { diple } from "./diple.ts";
import { ditto } from "./ditto.ts";
import { fairfca } from "./fairfca.ts";
import { fairflhc } from "./fairflhc.ts";
import { fedah } from "./fedah.ts";
import { fedala } from "./fedala.ts";
import { fedamole } from "./fedamole.ts";
import { fedamp } from "./fedamp.ts";
import { fedas } from "./fedas.ts";
import { fedavg } from "./fedavg.ts";
import { fedavgm } from "./fedavgm.ts";
import { fedbabu } from "./fedbabu.ts";
import { fedbasis } from "./fedbasis.ts";
import { fedbn } from "./fedbn.ts";
import { fedcp } from "./fedcp.ts";
import { feddbe } from "./feddbe.ts";
import { feddecomp } from "./feddecomp.ts";
import { feddyn } from "./feddyn.ts";
import { fedem } from "./fedem.ts";
import { fedfomo } from "./fedfomo.ts";
import { fedhkd } from "./fedhkd.ts";
import { fedjets } from "./fedjets.ts";
import { fedlora } from "./fedlora.ts";
import { fedmmf } from "./fedmmf.ts";
import { fedmix } from "./fedmix.ts";
import { fedmoe } from "./fedmoe.ts";
import { fedmoeda } from "./fedmoeda.ts";
import { fedmoepublic } from "./fedmoepublic.ts";
import { fedms } from "./fedms.ts";
import { fednova } from "./fednova.ts";
import { fedadagrad, fedadam, fedyogi } from "./fedopt.ts";
import { fedper } from "./fedper.ts";
import { fedproto } from "./fedproto.ts";
import { fedprox } from "./fedprox.ts";
import { fedrep } from "./fedrep.ts";
import { fedrod } from "./fedrod.ts";
import { fedthe } from "./fedthe.ts";
import { flix } from "./flix.ts";
import { floco } from "./floco.ts";
import { fsmafl } from "./fsmafl.ts";
import { gossip } from "./gossip.ts";
import { gpfl } from "./gpfl.ts";
import { hetlora } from "./hetlora.ts";
import { hypcluster, ifca } from "./ifca.ts";
import { knnper } from "./knnper.ts";
import { l2gd } from "./l2gd.ts";
import { lgfedavg } from "./lgfedavg.ts";
import { local } from "./local.ts";
import { mapper } from "./mapper.ts";
import { mrmtl } from "./mrmtl.ts";
import { pens } from "./pens.ts";
import { perfedavg } from "./perfedavg.ts";
import { pfedhn } from "./pfedhn.ts";
import { pfedme } from "./pfedme.ts";
import { pfedmoap } from "./pfedmoap.ts";
import { fedmedian, krum, normclip, trimmed } from "./robust.ts";
import { pfedmm } from "./pfedmm.ts";
import { pfedmoe } from "./pfedmoe.ts";
import { pmmoe } from "./pmmoe.ts";
import { scaffold } from "./scaffold.ts";

const all: readonly Method[] = [
  aem,
  apfl,
  apple,
  cfedfn,
  cfl,
  comigs,
  cwfedavg,
  dac,
  diple,
  ditto,
  fairfca,
  fairflhc,
  fedadagrad,
  fedadam,
  fedah,
  fedala,
  fedamole,
  fedamp,
  fedas,
  fedavg,
  fedavgm,
  fedbabu,
  fedbasis,
  fedbn,
  fedcp,
  feddbe,
  feddecomp,
  feddyn,
  fedem,
  fedfomo,
  fedhkd,
  fedjets,
  fedlora,
  fedmedian,
  fedmix,
  fedmmf,
  fedmoe,
  fedmoeda,
  fedmoepublic,
  fedms,
  fednova,
  fedper,
  fedproto,
  fedprox,
  fedrep,
  fedrod,
  fedthe,
  fedyogi,
  flix,
  floco,
  fsmafl,
  gossip,
  gpfl,
  hetlora,
  hypcluster,
  ifca,
  krum,
  knnper,
  l2gd,
  lgfedavg,
  local,
  mapper,
  mrmtl,
  normclip,
  pens,
  perfedavg,
  pfedhn,
  pfedme,
  pfedmm,
  pfedmoap,
  pfedmoe,
  pmmoe,
  scaffold,
  trimmed,
];

/** The methods that come with moiety, by name. */
export const methods: ReadonlyMap<string, Method> = new Map(all.map((method) => [method.name, method]));
