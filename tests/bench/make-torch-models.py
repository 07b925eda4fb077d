"""Full-size models for `npm run bench:torch`: each traced as TorchScript and exported by torch's own ONNX exporter.

Needs torch, transformers, onnx and onnxscript. Usage: python make-torch-models.py <folder>
Writes <name>.pt, <name>.onnx and models.json ({name, title, input: {datatype, shape}}[]; the input is called x); files
that are there already are kept. Weights are random: what is measured does not depend on them.
"""
import json
import sys
from pathlib import Path

import torch
import transformers

torch.manual_seed(1)
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


class Logits(torch.nn.Module):
    """The model with one tensor as its answer."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        answer = self.model(x)
        return answer.logits if hasattr(answer, "logits") else answer.last_hidden_state


def image():
    return torch.rand(1, 3, 224, 224)


def token_ids():
    return torch.randint(0, 30000, (1, 128))


MODELS = [
    ("resnet50", "ResNet-50", transformers.ResNetForImageClassification, transformers.ResNetConfig(num_labels=1000), image),
    ("bert_base", "BERT-base, 128 tokens", transformers.BertModel, transformers.BertConfig(attn_implementation="sdpa"), token_ids),
    ("vit_b_16", "ViT-B/16", transformers.ViTForImageClassification, transformers.ViTConfig(num_labels=1000), image),
]

rows = []
for name, title, model_class, config, make_input in MODELS:
    x = make_input()
    pt, onnx = folder / f"{name}.pt", folder / f"{name}.onnx"
    if not (pt.exists() and onnx.exists()):
        model = Logits(model_class(config)).eval()
        with torch.inference_mode():
            torch.onnx.export(
                model, (x,), str(onnx), dynamo=True, opset_version=18, external_data=False,
                input_names=["x"], output_names=["y"], dynamic_shapes=({0: "batch"},),
            )
            torch.jit.trace(model, (x,), strict=False).save(str(pt))
    datatype = "INT64" if x.dtype == torch.int64 else "FP32"
    rows.append({"name": name, "title": title, "input": {"datatype": datatype, "shape": list(x.shape)}})
(folder / "models.json").write_text(json.dumps(rows, indent=2) + "\n")
