// The fake SuperLink behind real sockets, in each of Flower's dialects, and a gRPC-Web proxy as small as one can be.
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Client, credentials, Metadata, Server as GrpcServer, ServerCredentials, status } from "@grpc/grpc-js";
import type { ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import type { Credentials } from "../../../src/federated/backends/flower/identity.ts";
import type { FleetRpc } from "../../../src/federated/backends/flower/messages.ts";
import { FleetError } from "../../../src/federated/backends/flower/transport.ts";
import type { FleetErrorKind } from "../../../src/federated/backends/flower/transport.ts";
import { frame, unframe } from "../../../src/federated/backends/flower/transports/grpc-web.ts";
import type { FakeSuperLink } from "./fake.ts";

export interface Running {
  readonly port: number;
  close(): Promise<void>;
}

const RPCS: readonly FleetRpc[] = [
  "RegisterNode",
  "ActivateNode",
  "SendNodeHeartbeat",
  "PullMessages",
  "PullObject",
  "ConfirmMessageReceived",
  "PushMessages",
  "PushObject",
  "DeactivateNode",
  "UnregisterNode",
];

const HTTP_STATUS: Record<FleetErrorKind, number> = {
  unreachable: 503,
  untrusted: 503,
  unauthenticated: 401,
  refused: 412,
  closed: 403,
  invalid: 400,
};

const GRPC_STATUS: Record<FleetErrorKind, number> = {
  unreachable: status.UNAVAILABLE,
  untrusted: status.UNAVAILABLE,
  unauthenticated: status.UNAUTHENTICATED,
  refused: status.FAILED_PRECONDITION,
  closed: status.PERMISSION_DENIED,
  invalid: status.INVALID_ARGUMENT,
};

const kindOf = (error: unknown): FleetErrorKind => (error instanceof FleetError ? error.kind : "invalid");
const decode = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text, "base64"));

/** Flower's HTTP Fleet API. */
export function serveHttp(link: FakeSuperLink, tls?: { cert: string; key: string }): Promise<Running> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const rpc = RPCS.find((name) => kebab(name) === request.url?.replace("/v1/fleet/", ""));
    const header = (name: string): string => String(request.headers[name] ?? "");
    const body = await bodyOf(request);
    if (rpc === undefined || header("content-type") !== "application/protobuf") {
      response.writeHead(rpc === undefined ? 404 : 415).end();
      return;
    }
    const own: Credentials = {
      publicKey: decode(header("flwr-public-key")),
      timestamp: header("flwr-timestamp"),
      signature: decode(header("flwr-signature")),
    };
    try {
      response.end(await link.unary(rpc, body, own));
    } catch (error) {
      response.writeHead(HTTP_STATUS[kindOf(error)], { "content-type": "application/json" });
      response.end(JSON.stringify({ code: 2000, detail: (error as Error).message }));
    }
  };
  const handler = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response);
  return listen(tls === undefined ? createServer(handler) : createTlsServer(tls, handler));
}

const same = (bytes: Buffer): Buffer => bytes;
const pass = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

const method = (rpc: FleetRpc): object => ({
  path: `/flwr.proto.Fleet/${rpc}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
});

/** Flower's gRPC Fleet API. */
export async function serveGrpc(link: FakeSuperLink): Promise<Running> {
  const server = new GrpcServer({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  const handle =
    (rpc: FleetRpc) =>
    ({ request, metadata }: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void => {
      const [publicKey] = metadata.get("flwr-public-key-bin");
      const [timestamp] = metadata.get("flwr-timestamp");
      const [signature] = metadata.get("flwr-signature-bin");
      const own: Credentials = {
        publicKey: new Uint8Array(publicKey as Buffer),
        timestamp: String(timestamp),
        signature: new Uint8Array(signature as Buffer),
      };
      link.unary(rpc, request, own).then(
        (bytes) => done(null, Buffer.from(bytes)),
        (error: Error) => done({ code: GRPC_STATUS[kindOf(error)], details: error.message }),
      );
    };
  server.addService(
    Object.fromEntries(RPCS.map((rpc) => [rpc, method(rpc)])) as never,
    Object.fromEntries(RPCS.map((rpc) => [rpc, handle(rpc)])) as never,
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, close: async () => server.forceShutdown() };
}

/** gRPC-Web in front of a gRPC server, with CORS: what Envoy does, for tests only. */
export async function serveGrpcWeb(grpcPort: number): Promise<Running> {
  const client = new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
  const cors = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers":
      "content-type,x-grpc-web,grpc-timeout,flwr-public-key-bin,flwr-timestamp,flwr-signature-bin",
    "access-control-expose-headers": "grpc-status,grpc-message",
  };
  const forward = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === "OPTIONS") {
      response.writeHead(204, cors).end();
      return;
    }
    const { message } = unframe(await bodyOf(request));
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(request.headers))
      if (name.startsWith("flwr-"))
        metadata.set(name, name.endsWith("-bin") ? Buffer.from(String(value), "base64") : String(value));
    client.makeUnaryRequest<Uint8Array, Buffer>(request.url!, pass, pass, message, metadata, (error, answer) => {
      const trailers = `grpc-status:${error?.code ?? 0}\r\ngrpc-message:${encodeURIComponent(error?.details ?? "")}\r\n`;
      response.writeHead(200, { ...cors, "content-type": "application/grpc-web+proto" });
      if (answer !== undefined) response.write(frame(0, answer));
      response.end(frame(0x80, Buffer.from(trailers)));
    });
  };
  const running = await listen(createServer((request, response) => void forward(request, response)));
  return {
    port: running.port,
    close: async () => {
      client.close();
      await running.close();
    },
  };
}

function kebab(rpc: FleetRpc): string {
  return rpc.replace(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part as Uint8Array);
  return new Uint8Array(Buffer.concat(parts));
}

function listen(server: Server): Promise<Running> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => closed());
          server.closeAllConnections();
        });
      resolve({ port, close });
    });
  });
}
