// From an address to a transport: which one, and whether it may be plain text.
import { fetchPost } from "./transport.ts";
import type { FleetTransport } from "./transport.ts";

/** How a SuperLink is reached. */
export interface ConnectOptions {
  /** PEM certificates to trust instead of the system's (not in browsers, which trust what their user trusts). */
  readonly ca?: string | undefined;
  /** Allow plain text beyond this machine. Node keys and weights can then be read and replayed on the way. */
  readonly insecure?: boolean | undefined;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Opens a transport by the scheme of an address:
 * `https://host:8000` (and `http://` on loopback): Flower's HTTP Fleet API, flwr 1.40 and later;
 * `grpcs://host:9092` (and `grpc://`): Flower's gRPC Fleet API, flwr 1.24 to 1.39, needs `@grpc/grpc-js`;
 * `grpc-web+https://host` (and `grpc-web+http://`): the same through a gRPC-Web proxy, for browsers.
 */
export async function connect(address: string, options: ConnectOptions = {}): Promise<FleetTransport> {
  const [, scheme, host] = /^(https?|grpcs?|grpc-web\+https?):\/\/([^/]+?)(?::\d+)?(?:\/|$)/.exec(address) ?? [];
  if (scheme === undefined || host === undefined)
    throw new RangeError(
      `connect: address, got ${address}, expected https://host:8000, grpcs://host:9092 or grpc-web+https://host`,
    );
  const plain = scheme === "grpc" || scheme.endsWith("http");
  if (plain && !LOOPBACK.test(host) && options.insecure !== true)
    throw new RangeError(`connect: ${address} is plain text beyond this machine; use TLS, or say insecure`);
  if (scheme === "grpc" || scheme === "grpcs") {
    const { GrpcTransport } = await import("./transports/grpc.ts");
    return GrpcTransport.open(address, options.ca);
  }
  const post =
    options.ca === undefined ? fetchPost : await (await import("./transports/pinned.ts")).pinnedPost(options.ca);
  if (scheme.startsWith("grpc-web")) {
    const { GrpcWebTransport } = await import("./transports/grpc-web.ts");
    return new GrpcWebTransport(address.slice("grpc-web+".length), post);
  }
  const { HttpTransport } = await import("./transports/http.ts");
  return new HttpTransport(address, post);
}
