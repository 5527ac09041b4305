"""Writes golden.json: what the real flwr makes of known values. Run: build/flower/venv/bin/python test/flower/golden.py"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict
from flwr.proto import fleet_pb2, heartbeat_pb2, message_pb2, node_pb2
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects

HEX_LIMIT = 4096


def describe(obj):
    return {
        "root": obj.object_id,
        "objects": [
            {"id": key, "length": len(data), "hex": data.hex() if len(data) <= HEX_LIMIT else None}
            for key, data in ((key, value.deflate()) for key, value in get_all_nested_objects(obj).items())
        ],
    }


ramp = np.arange(6, dtype=np.float32).reshape(2, 3) / 2
zeros = np.zeros((3, 1_000_000), dtype=np.float32)
metrics = {"num-examples": 7, "loss": 0.25, "accuracy": 1.0}
config = {"server-round": 3, "lr": 0.125, "shuffle": True, "name": "seed", "blob": b"\x01\x02", "sizes": [1, 2], "tags": ["a", "b"]}
content = RecordDict(
    {
        "arrays": ArrayRecord({"conv.weight": Array(ramp), "conv.bias": Array(ramp[0].copy())}),
        "metrics": MetricRecord(metrics),
        "config": ConfigRecord(config),
    }
)
node = node_pb2.Node(node_id=2**64 - 3)
metadata = message_pb2.Metadata(
    run_id=2**63 + 5, message_id="ab" * 32, src_node_id=1, dst_node_id=2**64 - 3, reply_to_message_id="cd" * 32,
    group_id="1", ttl=43200.5, message_type="train", created_at=1_700_000_000.25, src_task_id=9,
)
tree = message_pb2.ObjectTree(object_id="r", children=[message_pb2.ObjectTree(object_id="c")])
wire = {
    "PushMessagesRequest": fleet_pb2.PushMessagesRequest(
        node=node,
        messages_list=[message_pb2.Message(metadata=metadata, error=message_pb2.Message().error.__class__(code=-2, reason="no"))],
        message_object_trees=[tree],
        clientapp_runtime_list=[1.5, 2.5],
    ),
    "PushMessagesResponse": fleet_pb2.PushMessagesResponse(
        reconnect=fleet_pb2.Reconnect(reconnect=5), results={"m": 0}, objects_to_push=["a", "b"], session_id="s"
    ),
    "PushObjectRequest": message_pb2.PushObjectRequest(
        node=node, run_id=2**63 + 5, object_id="o", object_content=b"\x00\xff", session_id="s"
    ),
    "PullObjectResponse": message_pb2.PullObjectResponse(object_found=True, object_available=True, object_content=b"\x01"),
    "SendNodeHeartbeatRequest": heartbeat_pb2.SendNodeHeartbeatRequest(node=node, heartbeat_interval=30),
    "ActivateNodeRequest": fleet_pb2.ActivateNodeRequest(public_key=b"pem", heartbeat_interval=12.5),
}
golden = {
    "flwr": version("flwr"),
    "array": describe(Array(ramp)),
    "repeatedChunks": describe(Array(zeros)),
    "content": describe(content),
    "wire": {name: value.SerializeToString(deterministic=True).hex() for name, value in wire.items()},
}
Path(__file__).with_name("golden.json").write_text(json.dumps(golden, indent=1) + "\n")
