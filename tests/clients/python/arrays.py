"""Arrays of every datatype that NumPy has, by the recorded model that gives them back."""

import numpy as np

BY_MODEL = {
    "id_bool": np.array([[True, False, True]]),
    "id_uint8": np.array([[0, 1, 255]], dtype=np.uint8),
    "id_uint16": np.array([[0, 1, 65535]], dtype=np.uint16),
    "id_uint32": np.array([[0, 1, 2**32 - 1]], dtype=np.uint32),
    "id_uint64": np.array([[0, 1, 2**64 - 1]], dtype=np.uint64),
    "id_int8": np.array([[-128, 0, 127]], dtype=np.int8),
    "id_int16": np.array([[-32768, 0, 32767]], dtype=np.int16),
    "id_int32": np.array([[-(2**31), 0, 2**31 - 1]], dtype=np.int32),
    "id_int64": np.array([[-(2**63), 0, 2**63 - 1]], dtype=np.int64),
    "id_fp16": np.array([[-1.5, 0, 65504]], dtype=np.float16),
    "id_fp32": np.array([[-1.5, np.inf, 3.4e38]], dtype=np.float32),
    "id_fp64": np.array([[-1.5, 1e300, 2.0**-1074]], dtype=np.float64),
    "id_string": np.array([["one", "zwei €", ""]], dtype=np.object_),
}

SIMPLE = (np.arange(16, dtype=np.int32).reshape(1, 16), np.ones((1, 16), dtype=np.int32))


def texts(array):
    """Elements as text, since clients give BYTES back as bytes."""
    return [value.decode() if isinstance(value, bytes) else value for value in array.ravel().tolist()]
