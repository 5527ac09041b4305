// The log of what leaves clients, in a run's store.
import { Audited } from "../federated/audit.ts";
import type { Host } from "../federated/hosts/host.ts";
import type { Method } from "../federated/method.ts";
import { jsonLine, Sha256 } from "../io/index.ts";
import type { RunStore } from "./store.ts";

const AUDIT = "audit.jsonl";

/**
 * Begins the log of a new run where one is asked for; what left a client in a run that was killed has left it, so a log once
 * begun goes on. Returns whether there is one.
 */
export async function openLog(store: RunStore, resume: boolean, audit: boolean): Promise<boolean> {
  const logged = resume && (await store.read(AUDIT)) !== undefined;
  if (!resume) await store.remove(AUDIT);
  if (audit && !logged) await store.write(AUDIT, "");
  return audit || logged;
}

/** A host that logs what its clients send. */
export function audited(host: Host, { name }: Pick<Method, "name">, store: RunStore): Host {
  return new Audited(host, {
    hash: (bytes) => new Sha256().update(bytes).hex(),
    write: (sent) => store.append(AUDIT, sent.map((one) => jsonLine({ method: name, ...one })).join("")),
  });
}
