"""Puts a generalist where the world can fetch and check it: weights by content address, one signed manifest.

Any static host serves the folder. The manifest is replaced in one step after its weights are in place, so a reader sees
the old pair or the new one.
"""

import base64
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import safetensors

FORMAT = "moiety-generalist/1"
KEEP = 3  # versions of the weights that stay fetchable, for readers who hold an older manifest


def load_key(path: Path) -> Ed25519PrivateKey:
    """The signing key at a path, made (mode 600) if there is none."""
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"signing key: {path} is not Ed25519; make one with `openssl genpkey -algorithm ed25519`")
        return key
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    return key


def public_key(key: Ed25519PrivateKey) -> str:
    """What clients pin: the raw public key in base64."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def publish(folder: Path, tensors: dict[str, np.ndarray], round_number: int, key: Ed25519PrivateKey) -> None:
    """Writes generalist-<hash>.safetensors and generalist.json into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = safetensors.encode(tensors, {"format": FORMAT, "round": str(round_number)})
    digest = hashlib.sha256(weights).hexdigest()
    name = f"generalist-{digest[:16]}.safetensors"
    write(folder / name, weights)
    manifest = json.dumps(
        {
            "format": FORMAT,
            "version": 1,
            "round": round_number,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "weights": {"file": name, "bytes": len(weights), "sha256": digest},
            "tensors": [{"name": n, "shape": list(t.shape), "dtype": "F32"} for n, t in tensors.items()],
        }
    )
    signature = base64.b64encode(key.sign(manifest.encode())).decode()
    # the signed text travels as text: nobody has to agree on a canonical form of JSON
    write(folder / "generalist.json", json.dumps({"manifest": manifest, "signature": signature}, indent=1).encode())
    (folder / "publisher.pub").write_text(public_key(key) + "\n")
    old = sorted(folder.glob("generalist-*.safetensors"), key=lambda file: file.stat().st_mtime)[:-KEEP]
    for file in old:
        file.unlink()


def write(path: Path, data: bytes) -> None:
    """Replaces a file in one step."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    os.replace(part, path)
