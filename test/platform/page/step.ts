import { backward, fold, key, mean, nll, scope, tensor } from "moiety";
import { Sha256 } from "moiety/io";
import { Adam, lenetFashion, Net } from "moiety/nn";

/** One training step of the paper's network: the SHA-256 of its weights. */
export function step(): string {
  const net = new Net(lenetFashion(), { group: "private" }).init(1);
  const optimizer = new Adam(net.parameters);
  scope(() => {
    const x = tensor(
      Float32Array.from({ length: 7840 }, (_, i) => (i % 29) / 29),
      [10, 1, 28, 28],
    );
    const labels = tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [10], "i32");
    backward(mean(nll(net.forward(x, { train: true, key: fold(key(1), 0) }), labels)));
    optimizer.step();
  });
  return new Sha256().update(new Uint8Array(net.parameters.toArray().buffer)).hex();
}
