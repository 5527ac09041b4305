// npm run test:onnx -- every exported network in onnx.checker and onnxruntime, which a virtual environment in build/onnx gets from
// PyPI. Where there is no Python or no way to PyPI it says so in one line and is done.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { tensor } from "../../src/autograd/index.ts";
import { encodeNpy } from "../../src/io/index.ts";
import { exportOnnx } from "../../src/onnx/index.ts";
import { wave } from "../support/golden.ts";
import { netOf, networks } from "./networks.ts";

const folder = fileURLToPath(new URL("../../build/onnx/", import.meta.url));
const python = `${folder}venv/bin/python`;

function ready(): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    if (!existsSync(python)) execFileSync("python3", ["-m", "venv", `${folder}venv`], { stdio: "pipe" });
    const packages = ["onnx==1.23.2", "onnxruntime==1.32.0", "numpy"];
    execFileSync(python, ["-m", "pip", "install", "-q", ...packages], { stdio: "pipe", timeout: 240_000 });
    return true;
  } catch (error) {
    console.log(`onnx: skipped, ${String((error as Error).message).split("\n")[0]}`);
    return false;
  }
}

if (ready()) {
  for (const [name, { shape, words }] of Object.entries(networks)) {
    const net = netOf(name);
    writeFileSync(`${folder}${name}.onnx`, exportOnnx(net, shape, words === undefined ? {} : { words }));
    for (const rows of [1, 4]) {
      const size = shape.reduce((n, one) => n * one, rows);
      const values = Array.from(wave(size, 1, 0.37));
      const x = words
        ? tensor(
            values.map((_, i) => (i * 7) % words),
            [rows, ...shape],
            "i32",
          )
        : tensor(values, [rows, ...shape]);
      const y = net.predict(x);
      writeFileSync(`${folder}${name}.x${rows}.npy`, encodeNpy({ shape: x.shape, data: x.toArray() }));
      writeFileSync(`${folder}${name}.y${rows}.npy`, encodeNpy({ shape: y.shape, data: y.toArray() }));
    }
    net.dispose();
  }
  const script = fileURLToPath(new URL("check.py", import.meta.url));
  execFileSync(python, [script, folder, ...Object.keys(networks)], { stdio: "inherit" });
}
