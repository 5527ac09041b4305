// Weights from PyTorch (safetensors, here in half precision), fine in moiety, back to PyTorch, and the network as ONNX.
//   torch: save_file({k: v.half() for k, v in model.state_dict().items()}, "model.safetensors"); load_file("tuned.safetensors")
import { logSoftmax, tensor } from "moiety";
import { decodeSafetensors, encodeSafetensors } from "moiety/io";
import { Apply, Linear, Net, Sequential } from "moiety/nn";
import { exportOnnx } from "moiety/onnx";

// what torch.nn.Sequential(Linear(3, 4), ReLU(), Linear(4, 2), LogSoftmax(1)) calls its weights
const module = new Sequential([
  ["0", new Linear(3, 4, { relu: true })],
  ["2", new Linear(4, 2)],
  ["3", new Apply(logSoftmax)],
]);
const theirs = Object.entries(new Net(module, { group: "private" }).init(7).parameters.toRecord());
const file = encodeSafetensors(theirs.map(([name, of]) => [name, { ...of, stored: "F16" }]));

const net = new Net(module, { group: "private" });
const { tensors } = decodeSafetensors(file);
net.parameters.fromRecord(Object.fromEntries(tensors) as Record<string, { shape: number[]; data: Float32Array }>);
console.log(`answers ${net.predict(tensor([1, 2, 3], [1, 3]))}`);

const back = encodeSafetensors(Object.entries(net.parameters.toRecord()), { format: "pt" });
console.log(`${[...decodeSafetensors(back).tensors.keys()].join(" ")}; ONNX ${exportOnnx(net, [3]).length} bytes`);
