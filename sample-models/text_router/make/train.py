"""Trains the message router and writes ../1/model.onnx and ../labels.txt.

    pip install numpy scikit-learn onnx onnxruntime
    python train.py
"""

import itertools
import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from messages import TOPICS, WORDS
from onnx import TensorProto, helper, numpy_helper
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent.parent
labels = list(TOPICS)


def filled(sentence):
    names = re.findall(r"{(\w+)}", sentence)
    return [sentence.format(**dict(zip(names, words))) for words in itertools.product(*(WORDS[n] for n in names))]


rows = []
for label, sentences in enumerate(TOPICS.values()):
    for index, sentence in enumerate(sentences):
        texts = filled(sentence)
        rows += [(text, label, 1 / len(texts), index % 5) for text in texts]
texts, topics, weights, folds = (np.array(column) for column in zip(*rows))


def trained(chosen):
    vectorizer = CountVectorizer(lowercase=True, token_pattern=r"[^\s]+")
    counts = vectorizer.fit_transform(texts[chosen])
    router = LogisticRegression(C=10, max_iter=2000, fit_intercept=False)
    return vectorizer, router.fit(counts, topics[chosen], sample_weight=weights[chosen])


scores = []
for fold in range(5):
    vectorizer, router = trained(folds != fold)
    held_out = folds == fold
    right = router.predict(vectorizer.transform(texts[held_out])) == topics[held_out]
    scores.append(np.average(right, weights=weights[held_out]))
print(f"five-fold accuracy on sentences not seen in training {np.mean(scores):.3f} of {sum(map(len, TOPICS.values()))}")

vectorizer, router = trained(folds >= 0)

# A word at the end of a sentence comes with its mark: "order?" counts as "order".
words = vectorizer.get_feature_names_out()
pool, indexes = [], []
for index, word in enumerate(words):
    for mark in ["", ".", ",", "!", "?"]:
        pool.append(word + mark)
        indexes.append(index)

graph = helper.make_graph(
    [
        helper.make_node("Reshape", ["text", "one_axis"], ["texts"]),
        # The locale "C" exists on every machine; the default, en_US.UTF-8, does not in Triton's image.
        helper.make_node(
            "StringNormalizer", ["texts"], ["lower"], case_change_action="LOWER", is_case_sensitive=1, locale="C"
        ),
        helper.make_node("StringSplit", ["lower"], ["tokens", "token_counts"]),
        helper.make_node(
            "TfIdfVectorizer",
            ["tokens"],
            ["counts"],
            mode="TF",
            min_gram_length=1,
            max_gram_length=1,
            max_skip_count=0,
            ngram_counts=[0],
            ngram_indexes=indexes,
            pool_strings=pool,
        ),
        helper.make_node("MatMul", ["counts", "weight"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ],
    "text_router",
    [helper.make_tensor_value_info("text", TensorProto.STRING, ["batch", 1])],
    [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(labels)])],
    [
        numpy_helper.from_array(np.array([-1], np.int64), "one_axis"),
        numpy_helper.from_array(router.coef_.T.astype(np.float32), "weight"),
    ],
)
model = helper.make_model(
    graph, opset_imports=[helper.make_opsetid("", 20)], producer_name="conch-samples", ir_version=9
)
onnx.checker.check_model(model)
onnx.save(model, HERE / "1" / "model.onnx")
(HERE / "labels.txt").write_text("\n".join(labels) + "\n")

session = onnxruntime.InferenceSession(HERE / "1" / "model.onnx")


def answers(texts):
    return session.run(None, {"text": np.array(texts, dtype=object)[:, None]})[0]


agree = answers(texts[:500]).argmax(1) == router.predict(vectorizer.transform(texts[:500]))
print(f"{len(words)} words; ONNX Runtime agrees with scikit-learn on {agree.mean():.3f} of 500 messages")
for text in ["Where is my parcel?", "I was charged twice!", "The app shows an error message."]:
    (row,) = answers([text])
    print(text, "->", ", ".join(f"{label} {p:.3f}" for label, p in zip(labels, row)))
