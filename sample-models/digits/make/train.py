"""Trains the digit classifier and writes ../1/model.onnx, ../labels.txt and the try-out digits in ../try.

    pip install numpy scikit-learn onnx onnxruntime pillow
    python train.py
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent.parent

digits = load_digits()
pixels = (digits.images / 16).astype(np.float32)  # 0 background, 1 ink
train_x, test_x, train_y, test_y = train_test_split(
    pixels, digits.target, test_size=0.25, random_state=0, stratify=digits.target
)


def shifted(images, dy, dx):
    return np.roll(np.roll(images, dy, axis=1), dx, axis=2)


# Each training digit also shifted by one pixel: the 8 x 8 digits fill their frame, people's do not.
shifts = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
augmented_x = np.concatenate([shifted(train_x, *shift) for shift in shifts]).reshape(-1, 64)
augmented_y = np.concatenate([train_y] * len(shifts))
network = MLPClassifier((128, 64), alpha=1e-3, max_iter=200, random_state=0).fit(augmented_x, augmented_y)
print(f"held-out accuracy {network.score(test_x.reshape(-1, 64), test_y):.4f} on {len(test_y)} digits")

initializers = [numpy_helper.from_array(np.array([0, 64], np.int64), "flat_shape")]
nodes = [helper.make_node("Reshape", ["image", "flat_shape"], ["layer_0"])]
for index, (weight, bias) in enumerate(zip(network.coefs_, network.intercepts_)):
    initializers.append(numpy_helper.from_array(weight.astype(np.float32), f"weight_{index}"))
    initializers.append(numpy_helper.from_array(bias.astype(np.float32), f"bias_{index}"))
    is_last = index == len(network.coefs_) - 1
    product = "logits" if is_last else f"sum_{index}"
    nodes.append(helper.make_node("Gemm", [f"layer_{index}", f"weight_{index}", f"bias_{index}"], [product]))
    nodes.append(
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1)
        if is_last
        else helper.make_node("Relu", [product], [f"layer_{index + 1}"])
    )
graph = helper.make_graph(
    nodes,
    "digits",
    [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])],
    [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])],
    initializers,
)
model = helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="conch-samples", ir_version=8
)
onnx.checker.check_model(model)
(HERE / "1").mkdir(exist_ok=True)
onnx.save(model, HERE / "1" / "model.onnx")
(HERE / "labels.txt").write_text("\n".join(str(digit) for digit in range(10)) + "\n")

session = onnxruntime.InferenceSession(HERE / "1" / "model.onnx")
(answers,) = session.run(None, {"image": test_x[:, None]})
print(f"the same through ONNX Runtime {np.mean(answers.argmax(1) == test_y):.4f}")

tryout = HERE / "try"
tryout.mkdir(exist_ok=True)
for digit in (0, 3, 4, 7, 9):
    image = test_x[np.flatnonzero(test_y == digit)[0]]
    levels = np.round(image * 255).astype(np.uint8)
    Image.fromarray(levels, "L").save(tryout / f"{digit}.png")
    np.save(tryout / f"{digit}.npy", (levels.astype(np.float32) / 255)[None, None])
    (answer,) = session.run(None, {"image": (levels.astype(np.float32) / 255)[None, None]})
    print(f"{digit}.png -> {answer.argmax()} with probability {answer.max():.4f}")
