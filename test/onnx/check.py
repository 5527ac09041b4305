"""Checks the ONNX files of a folder and runs them beside moiety's answers: `check.py FOLDER NAME ...`, from test/onnx/real.ts."""

import sys

import numpy as np
import onnx
import onnxruntime

folder, *names = sys.argv[1:]
failed = False
for name in names:
    path = f"{folder}{name}.onnx"
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for rows in [1, 4]:
        x, expected = np.load(f"{folder}{name}.x{rows}.npy"), np.load(f"{folder}{name}.y{rows}.npy")
        (found,) = session.run(["y"], {"x": x})
        error = float(np.abs(found - expected).max()) if found.shape == expected.shape else float("inf")
        good = error <= 2e-5
        failed |= not good
        print(f"{'ok' if good else 'FAIL':>4}  {name}, {rows} rows, largest difference {error:.1e}")
sys.exit(1 if failed else 0)
