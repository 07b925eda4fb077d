import { cannotBeServed, describeFindings, groupedDigits } from './format-description.ts';
import { fileNameOf, hasBytes, hasText, type Candidate, type Format } from './format.ts';
import { MalformedFile } from './malformed-file.ts';
import type { ModelDescription, Verdict } from './model-description.ts';
import { exportLines } from './torch-checkpoint/inspect.ts';
import { torchArchive } from './torch/torch-archive.ts';

const HDF5_MAGIC = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
const MAX_HEADER_BYTES = 100 * 1024 * 1024;

/** A format of which a few bytes and a sentence say all there is to say. */
interface SimpleFormat extends Omit<Format, 'inspect'> {
  readonly verdict: (candidate: Candidate) => Verdict;
  readonly facts?: (candidate: Candidate) => readonly (readonly [string, string])[];
}

const ROWS = {
  tensorrt: {
    id: 'tensorrt-plan',
    name: 'TensorRT plan',
    detect: ({ head, path }) =>
      hasText(head, 'ptrt') ||
      hasText(head, 'ftrt') ||
      (/\.(plan|engine)$/i.test(path) && head.byteLength > 0),
    verdict: () => ({
      kind: 'needs-container',
      backend: 'tensorrt',
      reason:
        'A TensorRT plan runs only in a Triton container, on a GPU of the kind and with the TensorRT version that made it. Its inputs and outputs can be read there alone.',
    }),
  },
  mobile: {
    id: 'torch-mobile',
    name: 'PyTorch mobile (flatbuffer)',
    detect: ({ head }) => hasText(head, 'PTMF', 4),
    verdict: () =>
      cannotBeServed(
        'The file is made for PyTorch on phones; no server runs it.',
        'Export the original model again, for a server:',
        ['import torch', '', ...exportLines('torch.randn(1, 3, 224, 224)')],
      ),
  },
  executorch: {
    id: 'executorch',
    name: 'ExecuTorch program',
    detect: ({ head }) => /^ET\d\d$/.test(new TextDecoder('utf-8').decode(head.subarray(4, 8))),
    verdict: () =>
      cannotBeServed(
        'The file is an ExecuTorch program, made for phones and small devices; no server runs it.',
        'Export the original model again, for a server:',
        ['import torch', '', ...exportLines('torch.randn(1, 3, 224, 224)')],
      ),
  },
  package: {
    id: 'torch-package',
    name: 'PyTorch package (torch.package)',
    detect: (candidate) => {
      const archive = torchArchive(candidate);
      return (
        archive !== null &&
        archive.has('.data/version') &&
        (archive.has('.data/extern_modules') || archive.has('.data/python_version'))
      );
    },
    verdict: (candidate) =>
      cannotBeServed(
        'The file is a torch.package: Python code and pickles, which only Python can load, running its code.',
        'Where you trust it, load it in Python and export the model in it:',
        [
          'import torch',
          '',
          `package = torch.package.PackageImporter(${JSON.stringify(fileNameOf(candidate.path))})  # runs its code`,
          'model = package.load_pickle("model", "model.pkl")  # the names that it was saved under',
          ...exportLines('torch.randn(1, 3, 224, 224)'),
        ],
      ),
  },
  tflite: {
    id: 'tflite',
    name: 'TensorFlow Lite',
    detect: ({ head }) => hasText(head, 'TFL3', 4),
    verdict: (candidate) =>
      cannotBeServed(
        'TensorFlow Lite is made for phones; Triton has no backend for it.',
        'Convert it to ONNX:',
        [
          'pip install tf2onnx',
          `python -m tf2onnx.convert --tflite "${fileNameOf(candidate.path)}" --opset 17 --output model.onnx`,
        ],
        'sh',
      ),
  },
  keras: {
    id: 'keras',
    name: 'Keras',
    detect: ({ head, path, zip }) => {
      const names = new Set(zip?.entries.map(({ name }) => name));
      if (names.has('config.json') && names.has('metadata.json')) return true;
      return (
        hasBytes(head, HDF5_MAGIC) &&
        (/\.(h5|hdf5|keras)$/i.test(path) || hasWord(head, 'keras_version') || hasWord(head, 'model_config'))
      );
    },
    verdict: (candidate) =>
      cannotBeServed('Triton does not serve Keras files.', 'Export the model as ONNX in Python:', [
        'import keras',
        '',
        `model = keras.saving.load_model(${JSON.stringify(fileNameOf(candidate.path))})`,
        'model.export("model.onnx", format="onnx")  # Keras 3.9 or newer',
        '# before: model.export("exported"), then python -m tf2onnx.convert --saved-model exported --output model.onnx',
      ]),
  },
  gguf: {
    id: 'gguf',
    name: 'GGUF',
    detect: ({ head }) => hasText(head, 'GGUF'),
    verdict: () =>
      cannotBeServed(
        'GGUF holds the weights of a language model for llama.cpp; Triton has no backend that runs it as it is.',
        'Serve it with llama.cpp, or serve the original weights with the vLLM backend of a Triton container (tritonserver:<release>-vllm-python-py3).',
      ),
    facts: (candidate) => [['Architecture', ggufArchitecture(candidate.head)]],
  },
  coreMl: {
    id: 'core-ml',
    name: 'Core ML',
    detect: ({ head, path }) => /\.(mlmodel|mlpackage\/.*\.mlmodel)$/i.test(path) && head[0] === 0x08,
    verdict: () =>
      cannotBeServed(
        'Core ML runs on machines of Apple only.',
        'Export the original model as ONNX; from PyTorch:',
        ['import torch', '', ...exportLines('torch.randn(1, 3, 224, 224)').slice(0, 5)],
      ),
  },
} satisfies Record<string, SimpleFormat>;

/** The formats of the rows, by a short name. */
export const SIMPLE_FORMATS: Readonly<Record<keyof typeof ROWS, Format>> = {
  tensorrt: formatOf(ROWS.tensorrt),
  mobile: formatOf(ROWS.mobile),
  executorch: formatOf(ROWS.executorch),
  package: formatOf(ROWS.package),
  tflite: formatOf(ROWS.tflite),
  keras: formatOf(ROWS.keras),
  gguf: formatOf(ROWS.gguf),
  coreMl: formatOf(ROWS.coreMl),
};

/** Weights in the format of Hugging Face. */
export const SAFETENSORS: Format = {
  id: 'safetensors',
  name: 'safetensors',
  detect: ({ head, source }) => {
    const length = headerLength(head);
    return (
      length !== null && length <= source.size - 8 && head[8] === 0x7b && hasWord(head.subarray(0, 2000), '"')
    );
  },
  inspect: inspectSafetensors,
};

function formatOf({ id, name, detect, verdict, facts }: SimpleFormat): Format {
  return {
    id,
    name,
    detect,
    inspect: (candidate) =>
      Promise.resolve(
        describeFindings(candidate, {
          format: id,
          formatName: name,
          verdict: verdict(candidate),
          facts: facts?.(candidate) ?? [],
        }),
      ),
  };
}

async function inspectSafetensors(candidate: Candidate): Promise<ModelDescription> {
  const length = headerLength(candidate.head) ?? 0;
  if (length > MAX_HEADER_BYTES) throw new MalformedFile(`its header takes ${length} bytes`, 0);
  const tensors = tensorsOf(new TextDecoder('utf-8').decode(await candidate.source.read(8, length)));
  const parameters = tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((count, dim) => count * BigInt(dim), 1n),
    0n,
  );
  return describeFindings(candidate, {
    format: 'safetensors',
    formatName: 'safetensors weights',
    facts: [
      ['Tensors', groupedDigits(tensors.length)],
      ['Parameters', groupedDigits(parameters)],
      ['Types', [...new Set(tensors.map(({ dtype }) => dtype))].slice(0, 10).join(', ')],
    ],
    verdict: cannotBeServed(
      'The file holds weights only, without the program that uses them: no server can run it.',
      'Build the model in Python, load these weights and export it:',
      [
        'import torch',
        'from safetensors.torch import load_file',
        'from your_project import YourModel  # the class that these weights belong to',
        '',
        'model = YourModel()',
        `model.load_state_dict(load_file(${JSON.stringify(fileNameOf(candidate.path))}))`,
        ...exportLines('torch.randn(1, 3, 224, 224)'),
      ],
    ),
  });
}

function tensorsOf(header: string): { dtype: string; shape: number[] }[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(header);
  } catch {
    throw new MalformedFile('its header is no JSON', 8);
  }
  if (typeof parsed !== 'object' || parsed === null) throw new MalformedFile('its header is no object', 8);
  return Object.entries(parsed).flatMap(([name, tensor]: [string, unknown]) => {
    if (name === '__metadata__' || typeof tensor !== 'object' || tensor === null) return [];
    const { dtype, shape } = tensor as { dtype?: unknown; shape?: unknown };
    const sizes = Array.isArray(shape) ? shape.filter((dim): dim is number => Number.isSafeInteger(dim)) : [];
    return [{ dtype: typeof dtype === 'string' ? dtype : '?', shape: sizes }];
  });
}

function headerLength(head: Uint8Array): number | null {
  if (head.byteLength < 10) return null;
  const length = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(MAX_HEADER_BYTES) ? Number(length) : null;
}

function ggufArchitecture(head: Uint8Array): string {
  const text = new TextDecoder('latin1').decode(head.subarray(0, 4096));
  const at = text.indexOf('general.architecture');
  return at < 0 ? '' : (/^[\w-]+/.exec(text.slice(at + 'general.architecture'.length + 12))?.[0] ?? '');
}

function hasWord(head: Uint8Array, word: string): boolean {
  return new TextDecoder('latin1').decode(head).includes(word);
}
