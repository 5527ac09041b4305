// gRPC-Web over fetch: how a page reaches Flower's gRPC Fleet API through a proxy such as Envoy. Unary calls only.
// Source: github.com/grpc/grpc, doc/PROTOCOL-WEB.md.
import { oneLine } from "../../../admission.ts";
import { toBase64 } from "../identity.ts";
import type { Credentials } from "../identity.ts";
import type { FleetRpc } from "../messages.ts";
import { FleetError, postWithin } from "../transport.ts";
import type { CallOptions, FleetTransport, Post } from "../transport.ts";
import { kindOfCode, transient } from "./status.ts";

// top bit of a frame's first byte: trailers instead of a message
const TRAILERS = 0x80;

export class GrpcWebTransport implements FleetTransport {
  readonly address: string;
  readonly #post: Post;

  constructor(address: string, post: Post) {
    this.address = address.replace(/\/+$/, "");
    this.#post = post;
  }

  async unary(
    rpc: FleetRpc,
    request: Uint8Array<ArrayBuffer>,
    { publicKey, timestamp, signature }: Credentials,
    call: CallOptions,
  ): Promise<Uint8Array> {
    const headers = {
      "content-type": "application/grpc-web+proto",
      "x-grpc-web": "1",
      "grpc-timeout": `${Math.ceil(call.timeoutSeconds)}S`,
      "flwr-public-key-bin": toBase64(publicKey),
      "flwr-timestamp": timestamp,
      "flwr-signature-bin": toBase64(signature),
    };
    const url = `${this.address}/flwr.proto.Fleet/${rpc}`;
    const response = await postWithin(this.#post, rpc, url, headers, frame(0, request), call);
    if (response.status !== 200) {
      const kind = transient(response.status) ? "unreachable" : "invalid";
      throw new FleetError(rpc, kind, `HTTP ${response.status} from the proxy`);
    }
    const { message, trailers } = framesOf(rpc, response.body);
    // an error without a message may come as headers alone
    const code = Number(trailers.get("grpc-status") ?? response.header("grpc-status") ?? 2);
    if (code !== 0) {
      const detail = trailers.get("grpc-message") ?? response.header("grpc-message") ?? "";
      throw new FleetError(rpc, kindOfCode(code), `status ${code}: ${plain(detail)}`);
    }
    return message;
  }

  close(): void {}
}

function framesOf(rpc: FleetRpc, body: Uint8Array): ReturnType<typeof unframe> {
  try {
    return unframe(body);
  } catch (cause) {
    throw new FleetError(rpc, "unreachable", `something else than gRPC-Web, ${(cause as Error).message}`, { cause });
  }
}

/** A percent-encoded message, or as it came where it is none. */
function plain(detail: string): string {
  try {
    return oneLine(decodeURIComponent(detail));
  } catch {
    return oneLine(detail);
  }
}

/** One frame: a flag byte, the length as 32 bits big-endian, the payload. */
export function frame(flags: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(5 + payload.length);
  framed[0] = flags;
  new DataView(framed.buffer).setUint32(1, payload.length);
  framed.set(payload, 5);
  return framed;
}

/** The message and the trailers of a response body. */
export function unframe(body: Uint8Array): { message: Uint8Array; trailers: ReadonlyMap<string, string> } {
  let message: Uint8Array = new Uint8Array(0);
  const trailers = new Map<string, string>();
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 0; at + 5 <= body.length;) {
    const flags = body[at]!;
    const end = at + 5 + view.getUint32(at + 1);
    if (end > body.length) throw new RangeError(`unframe: truncated, got ${body.length} bytes, expected ${end}`);
    const payload = body.subarray(at + 5, end);
    at = end;
    if ((flags & TRAILERS) === 0) message = payload;
    else
      for (const line of new TextDecoder().decode(payload).split("\r\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
      }
  }
  return { message, trailers };
}
