// Flower's gRPC Fleet API (grpc-rere, flwr 1.24 to 1.39). Node, Deno and Bun, with the optional peer @grpc/grpc-js.
import { Client, credentials as channel, Metadata, status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import type { Credentials } from "../identity.ts";
import type { FleetRpc } from "../messages.ts";
import { FleetError } from "../transport.ts";
import type { CallOptions, FleetErrorKind, FleetTransport } from "../transport.ts";

export class GrpcTransport implements FleetTransport {
  readonly address: string;
  readonly #client: Client;

  constructor(address: string, ca?: string) {
    const { protocol, host } = new URL(address);
    this.address = address;
    this.#client = new Client(
      host,
      protocol === "grpcs:" ? channel.createSsl(ca === undefined ? null : Buffer.from(ca)) : channel.createInsecure(),
      // an object holds 5 MiB and a head; the default limit is 4 MiB
      { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 },
    );
  }

  unary(
    rpc: FleetRpc,
    request: Uint8Array<ArrayBuffer>,
    { publicKey, timestamp, signature }: Credentials,
    { timeoutSeconds, signal }: CallOptions,
  ): Promise<Uint8Array> {
    const metadata = new Metadata();
    metadata.set("flwr-public-key-bin", Buffer.from(publicKey));
    metadata.set("flwr-timestamp", timestamp);
    metadata.set("flwr-signature-bin", Buffer.from(signature));
    const deadline = new Date(Date.now() + timeoutSeconds * 1000);
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const cancel = (): void => call.cancel();
      const call = this.#client.makeUnaryRequest<Uint8Array, Uint8Array>(
        `/flwr.proto.Fleet/${rpc}`,
        (bytes) => Buffer.from(bytes),
        (bytes) => bytes,
        request,
        metadata,
        { deadline },
        (error, response) => {
          signal?.removeEventListener("abort", cancel);
          if (signal?.aborted === true) reject(signal.reason as Error);
          else if (error !== null) reject(fleetError(rpc, error));
          else resolve(response ?? new Uint8Array(0));
        },
      );
      signal?.addEventListener("abort", cancel);
    });
  }

  close(): void {
    this.#client.close();
  }
}

function fleetError(rpc: string, error: ServiceError): FleetError {
  return new FleetError(rpc, kindOfStatus(error.code), `${status[error.code]}: ${error.details}`, { cause: error });
}

/** What a gRPC status code asks of the caller. */
export function kindOfStatus(code: number): FleetErrorKind {
  if (code === status.UNAUTHENTICATED) return "unauthenticated";
  if (code === status.FAILED_PRECONDITION || code === status.ALREADY_EXISTS) return "refused";
  if (code === status.PERMISSION_DENIED) return "closed";
  const transient = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.CANCELLED];
  return transient.includes(code) ? "unreachable" : "invalid";
}
