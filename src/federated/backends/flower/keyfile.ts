// A node's identity on disk: one PEM file that only its owner may read. Node, Deno and Bun.
import { createKeyPair, identityOf, keyPairOf, privateKeyPem, publicKeyLine } from "./identity.ts";
import type { Identity } from "./identity.ts";

/**
 * Loads the key file at `path`, or makes one (mode 600) with its public half beside it in `<path>.pub`, which is what
 * `flwr supernode register` wants. Refuses a key that others can read, as ssh does.
 */
export async function loadIdentity(path: string): Promise<Identity> {
  const fs = await import("node:fs/promises");
  const { dirname } = await import("node:path");
  const found = await fs.stat(path).catch(() => undefined);
  if (found !== undefined) {
    if (process.platform !== "win32" && (found.mode & 0o077) !== 0)
      throw new RangeError(
        `loadIdentity: others can read ${path}, got mode ${(found.mode & 0o777).toString(8)}; chmod 600`,
      );
    return identityOf(await keyPairOf(await fs.readFile(path, "utf8")));
  }
  const keys = await createKeyPair();
  await fs.mkdir(dirname(path), { recursive: true });
  // "wx" loses the race against another process that makes the same key, instead of overwriting it
  await fs.writeFile(path, await privateKeyPem(keys), { mode: 0o600, flag: "wx" });
  await fs.writeFile(`${path}.pub`, await publicKeyLine(keys), { mode: 0o644 });
  return identityOf(keys);
}
