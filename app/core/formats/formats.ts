import type { Format } from './format.ts';
import { detectOnnx } from './onnx/detect.ts';
import { inspectOnnx } from './onnx/inspect.ts';
import { detectOpenvino } from './openvino/detect.ts';
import { inspectOpenvino } from './openvino/inspect.ts';
import { detectPickle, inspectPickle } from './pickle-file/inspect.ts';
import { detectPythonModel, inspectPythonModel } from './python-model/inspect.ts';
import { detectSavedModel } from './saved-model/detect.ts';
import { inspectSavedModel } from './saved-model/inspect.ts';
import { SAFETENSORS, SIMPLE_FORMATS } from './simple-formats.ts';
import { detectCheckpoint } from './torch-checkpoint/detect.ts';
import { inspectCheckpoint } from './torch-checkpoint/inspect.ts';
import { detectTorchAoti, detectTorchExport } from './torch-export/detect.ts';
import { inspectTorchAoti, inspectTorchExport } from './torch-export/inspect.ts';
import { detectTorchScript } from './torchscript/detect.ts';
import { inspectTorchScript } from './torchscript/inspect.ts';

/**
 * Every format that Conch tells apart, in the order in which they are tried: what has a sure mark before what has
 * none, and of several models in one folder what can be served before what cannot.
 */
export const FORMATS: readonly Format[] = [
  { id: 'torchscript', name: 'TorchScript', detect: detectTorchScript, inspect: inspectTorchScript },
  {
    id: 'torch-aoti',
    name: 'PyTorch AOTInductor package',
    detect: detectTorchAoti,
    inspect: inspectTorchAoti,
  },
  { id: 'saved-model', name: 'TensorFlow SavedModel', detect: detectSavedModel, inspect: inspectSavedModel },
  { id: 'openvino', name: 'OpenVINO IR', detect: detectOpenvino, inspect: inspectOpenvino },
  { id: 'python-model', name: 'Triton Python model', detect: detectPythonModel, inspect: inspectPythonModel },
  {
    id: 'torch-export',
    name: 'PyTorch exported program',
    detect: detectTorchExport,
    inspect: inspectTorchExport,
  },
  {
    id: 'torch-state-dict',
    name: 'PyTorch checkpoint',
    detect: detectCheckpoint,
    inspect: inspectCheckpoint,
  },
  SIMPLE_FORMATS.package,
  SIMPLE_FORMATS.mobile,
  SIMPLE_FORMATS.executorch,
  SIMPLE_FORMATS.tflite,
  SIMPLE_FORMATS.keras,
  SIMPLE_FORMATS.gguf,
  { id: 'onnx', name: 'ONNX', detect: detectOnnx, inspect: inspectOnnx },
  SIMPLE_FORMATS.tensorrt,
  SAFETENSORS,
  SIMPLE_FORMATS.coreMl,
  { id: 'pickle', name: 'Python pickle', detect: detectPickle, inspect: inspectPickle },
];
