// Flower's HTTP Fleet API (flwr 1.40 and later): POST /v1/fleet/<rpc>, protobuf in and out, identity in three headers.
import { oneLine } from "../../../admission.ts";
import { toBase64 } from "../identity.ts";
import type { Credentials } from "../identity.ts";
import type { FleetRpc } from "../messages.ts";
import { FleetError, postWithin } from "../transport.ts";
import type { CallOptions, FleetTransport, Post } from "../transport.ts";
import { kindOfStatus } from "./status.ts";

const PROTOBUF = "application/protobuf";

export class HttpTransport implements FleetTransport {
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
      "content-type": PROTOBUF,
      accept: PROTOBUF,
      "flwr-public-key": toBase64(publicKey),
      "flwr-timestamp": timestamp,
      "flwr-signature": toBase64(signature),
    };
    const path = rpc.replace(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
    const url = `${this.address}/v1/fleet/${path}`;
    const response = await postWithin(this.#post, rpc, url, headers, request, call);
    if (response.status !== 200)
      throw new FleetError(rpc, kindOfStatus(response.status), detailOf(response.status, response.body));
    const type = response.header("content-type") ?? "";
    if (/^text\//i.test(type))
      throw new FleetError(rpc, "unreachable", `a page (${oneLine(type)}) instead of an answer`);
    return response.body;
  }

  close(): void {}
}

function detailOf(status: number, body: Uint8Array): string {
  if (status === 404) return "404: no HTTP Fleet API here; Flower before 1.40 speaks gRPC, use grpcs://host:9092";
  if (status >= 300 && status < 400) return `${status}: sent elsewhere, which is not followed`;
  try {
    const { detail } = JSON.parse(new TextDecoder().decode(body)) as { detail?: unknown };
    return `${status}: ${oneLine(detail)}`;
  } catch {
    return `${status}`;
  }
}
