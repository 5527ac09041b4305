// A POST that trusts given certificates instead of the system's: fetch cannot be told to, node:https can.
// Node, Deno and Bun.
import { MOST_ANSWER_BYTES, tooLong } from "../transport.ts";
import type { Post } from "../transport.ts";

/** `ca` is one or more PEM certificates. */
export async function pinnedPost(ca: string): Promise<Post> {
  const { Agent, request } = await import("node:https");
  const agent = new Agent({ ca, keepAlive: true });
  return (url, headers, body, signal) =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, { method: "POST", headers, agent, signal }, (response) => {
        const parts: Uint8Array[] = [];
        let length = 0;
        response.on("data", (part: Uint8Array) => {
          parts.push(part);
          if ((length += part.length) > MOST_ANSWER_BYTES) response.destroy(tooLong());
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            header: (name) => {
              const value = response.headers[name];
              return Array.isArray(value) ? value[0] : value;
            },
            body: Buffer.concat(parts),
          }),
        );
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
}
