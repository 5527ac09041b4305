"""Hands a driver's messages to the nodes and their replies back to it. It knows no method: the rounds run in the driver."""

import json
import math
import time
from collections.abc import Iterable
from http.client import HTTPException
from logging import INFO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from flwr.app import Array, ArrayRecord, ConfigRecord, Message, RecordDict
from flwr.common.logger import log
from flwr.serverapp import Grid

# a driver that is gone for so long starts a relay of its own when it comes back
PATIENCE_SECONDS = 30
# a driver may think about an order for so long
THOUGHT_SECONDS = 3600


def relay(grid: Grid, driver: str, token: str) -> None:
    """Exchanges with the driver until it says that all is done, or that another relay has taken over."""
    log(INFO, "relaying between the nodes and %s", driver)
    answer = packed({"kind": "ready"}, [])
    while (order := asked(driver, token, answer)) is not None:
        head, blobs = order
        if head["kind"] == "done":
            break
        pushed = list(grid.push_messages(list(messages(head["push"], blobs)))) if head["push"] else []
        replies = list(grid.pull_messages(head["pull"])) if head["pull"] else []
        nodes = [str(node) for node in grid.get_node_ids()]
        bodies: list[bytes] = []
        told = [said(reply, bodies) for reply in replies]
        answer = packed({"kind": "heard", "nodes": nodes, "pushed": pushed, "replies": told}, bodies)
    log(INFO, "the driver has no more orders")


def asked(driver: str, token: str, answer: bytes) -> tuple[dict, memoryview] | None:
    """The driver's next order; None where it takes no more answers from this relay."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            request = Request(driver, answer, {"authorization": f"Bearer {token}"})
            with urlopen(request, timeout=THOUGHT_SECONDS) as response:
                body = response.read()
            line = body.index(b"\n")
            return json.loads(body[:line]), memoryview(body)[line + 1 :]
        except HTTPError as error:
            if error.code == 403:
                return None
            raise
        except (OSError, HTTPException):
            if time.monotonic() > until:
                raise
            time.sleep(1)


def packed(head: dict, bodies: list[bytes]) -> bytes:
    """A line of JSON, and the bytes that it speaks of."""
    return json.dumps(head, allow_nan=False).encode() + b"\n" + b"".join(bodies)


def messages(posts: list[dict], blobs: memoryview) -> Iterable[Message]:
    """The messages of an order; an array that many are sent is made once."""
    made: dict[int, Array] = {}
    for post in posts:
        for one in post["arrays"]:
            if one["at"] not in made:
                data = bytes(blobs[one["at"] : one["at"] + one["bytes"]])
                made[one["at"]] = Array(one["dtype"], tuple(one["shape"]), "numpy.ndarray", data)
        arrays = ArrayRecord({one["name"]: made[one["at"]] for one in post["arrays"]})
        content = RecordDict({"arrays": arrays, "config": ConfigRecord(post["config"])})
        yield Message(content, int(post["node"]), post["type"])


def said(reply: Message, bodies: list[bytes]) -> dict:
    """What a reply says, as it is: whoever runs the method looks at it."""
    told: dict = {"id": reply.metadata.reply_to_message_id, "arrays": [], "metrics": {}, "config": {}}
    if reply.has_error():
        return told | {"error": {"code": reply.error.code, "reason": reply.error.reason or ""}}
    at = sum(len(body) for body in bodies)
    for record in list(reply.content.array_records.values())[:1]:
        for name, array in record.items():
            told["arrays"].append({"name": name, "at": at, "bytes": len(array.data)})
            bodies.append(array.data)
            at += len(array.data)
    for record in list(reply.content.metric_records.values())[:1]:
        told["metrics"] = {name: number(value) for name, value in record.items()}
    for record in list(reply.content.config_records.values())[:1]:
        told["config"] = {name: value for name, value in record.items() if isinstance(value, bool)}
    return told


def number(value: object) -> float | int | None:
    """A finite number, as JSON can have it."""
    fine = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if fine else None
