// Flower's gRPC Fleet API (grpc-rere, flwr 1.24 to 1.39). Node, Deno and Bun, with the optional peer @grpc/grpc-js.
// The peer is loaded when a transport is opened, so that a bundle for browsers can leave it out.
import type { Client, ServiceError } from "@grpc/grpc-js";
import type { Credentials } from "../identity.ts";
import type { FleetRpc } from "../messages.ts";
import { aboutCertificate, FleetError, MOST_ANSWER_BYTES } from "../transport.ts";
import type { CallOptions, FleetTransport } from "../transport.ts";
import { kindOfCode } from "./status.ts";

type Grpc = typeof import("@grpc/grpc-js");

export class GrpcTransport implements FleetTransport {
  readonly address: string;
  readonly #grpc: Grpc;
  readonly #client: Client;

  private constructor(grpc: Grpc, client: Client, address: string) {
    this.address = address;
    this.#grpc = grpc;
    this.#client = client;
  }

  static async open(address: string, ca?: string): Promise<GrpcTransport> {
    const grpc = await import("@grpc/grpc-js").catch((cause: unknown) => {
      throw new RangeError("connect: grpc:// needs the package @grpc/grpc-js; npm install @grpc/grpc-js", { cause });
    });
    const { protocol, host } = new URL(address);
    const tls = (): ReturnType<typeof grpc.credentials.createSsl> =>
      grpc.credentials.createSsl(ca === undefined ? null : Buffer.from(ca));
    const client = new grpc.Client(host, protocol === "grpcs:" ? tls() : grpc.credentials.createInsecure(), {
      // an object holds 5 MiB and a head; the default limit is 4 MiB
      "grpc.max_receive_message_length": MOST_ANSWER_BYTES,
      "grpc.max_send_message_length": -1,
    });
    return new GrpcTransport(grpc, client, address);
  }

  unary(
    rpc: FleetRpc,
    request: Uint8Array<ArrayBuffer>,
    { publicKey, timestamp, signature }: Credentials,
    { timeoutSeconds, signal }: CallOptions,
  ): Promise<Uint8Array> {
    const metadata = new this.#grpc.Metadata();
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
          else if (error !== null) reject(fleetError(this.#grpc, rpc, error));
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

function fleetError({ status }: Grpc, rpc: string, error: ServiceError): FleetError {
  const kind =
    error.code === status.UNAVAILABLE && aboutCertificate(error.details) ? "untrusted" : kindOfCode(error.code);
  return new FleetError(rpc, kind, `${status[error.code]}: ${error.details}`, { cause: error });
}
