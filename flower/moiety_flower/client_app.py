"""A plain Python client of the same federation: softmax regression in NumPy, to show that clients may be mixed.

It trains any model of one matrix [outputs, inputs] and one vector [outputs], whatever the tensors are called. Its rows
come from the .npy files named in the node configuration (images, labels).
"""

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

app = ClientApp()

LEARNING_RATE = 0.1
BATCH = 50


@app.train()
def train(message: Message, context: Context) -> Message:
    """One epoch of gradient descent from the generalist."""
    record = next(iter(message.content.array_records.values()))
    tensors = {name: array.numpy().astype(np.float32) for name, array in record.items()}
    weight = next(name for name, tensor in tensors.items() if tensor.ndim == 2)
    bias = next(name for name, tensor in tensors.items() if tensor.ndim == 1)
    images = np.load(str(context.node_config["images"])).astype(np.float32)
    labels = np.load(str(context.node_config["labels"])).astype(np.int64)
    loss = 0.0
    for start in range(0, len(images), BATCH):
        x, y = images[start : start + BATCH], labels[start : start + BATCH]
        logits = x @ tensors[weight].T + tensors[bias]
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss -= float(np.log(p[np.arange(len(y)), y] + 1e-12).sum())
        p[np.arange(len(y)), y] -= 1
        tensors[weight] -= LEARNING_RATE * (p.T @ x) / len(y)
        tensors[bias] -= LEARNING_RATE * p.mean(axis=0)
    content = RecordDict(
        {
            "arrays": ArrayRecord({name: Array(tensor) for name, tensor in tensors.items()}),
            "metrics": MetricRecord({"num-examples": len(images), "loss": loss / len(images)}),
        }
    )
    return Message(content, reply_to=message)
