import type { ModelEntry, VersionState } from '../../app/contract/model-entry.ts';
import type { Datatype } from '../../app/core/datatypes.ts';
import type {
  Dim,
  FormatId,
  ModelDescription,
  ModelNotice,
  TensorSignature,
  Verdict,
} from '../../app/core/formats/model-description.ts';

/** Six models: ready, unloaded, loading, unavailable, not servable here, and a directory that is no model. */
export function fixtureModels(): readonly ModelEntry[] {
  return [digits(), addSub(), textModel(), broken(), weightsOnly(), notAModel()];
}

const dims = (...sizes: (number | string)[]): readonly Dim[] =>
  sizes.map((size) => {
    if (typeof size === 'string') return { kind: 'symbolic', name: size };
    return size < 0 ? { kind: 'unknown' } : { kind: 'fixed', size };
  });

function tensor(name: string, datatype: Datatype, ...sizes: (number | string)[]): TensorSignature {
  return {
    name,
    datatype: { value: datatype, provenance: 'model', reason: `The model file says ${datatype}.` },
    dims: { value: dims(...sizes), provenance: 'model', reason: 'The model file declares this shape.' },
  };
}

interface DescriptionParts {
  readonly format: FormatId;
  readonly formatName: string;
  readonly byteSize: number;
  readonly facts: readonly (readonly [string, string])[];
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  readonly notices: readonly ModelNotice[];
  readonly verdict: Verdict;
}

const describe = ({ facts, ...rest }: DescriptionParts): ModelDescription => ({
  ...rest,
  facts: facts.map(([label, value]) => ({ label, value })),
  externalData: [],
});

interface EntryParts {
  readonly name: string;
  readonly description: ModelDescription | null;
  readonly text: string;
  readonly states: readonly VersionState[];
}

const entry = ({ name, description, text, states }: EntryParts): ModelEntry => ({
  name,
  path: `/home/ada/models/${name}`,
  versions: states.map((state, index) => ({
    version: index + 1,
    files: [{ path: 'model.onnx', byteSize: description?.byteSize ?? 0 }],
    state,
  })),
  description,
  probe: { kind: 'answered', loadMilliseconds: 41, runMilliseconds: 0.8, peakMemoryBytes: 61_000_000 },
  config: { text, revision: 1, isSaved: true, savedText: text, isReloadNeeded: false },
  labels: {},
});

const READY: VersionState = {
  kind: 'ready',
  loadMilliseconds: 812,
  instanceCount: 1,
  executionProvider: 'CPU',
  executionProviderReason: 'No NVIDIA driver was found on this machine.',
};

const DIGITS_CONFIG = `name: "digits"
backend: "onnxruntime"
max_batch_size: 8  # assumed: the first dim is symbolic in every input and output

input [
  {
    name: "image"
    data_type: TYPE_FP32  # from the model
    dims: [ 1, 8, 8 ]  # from the model, without the batch dimension
  }
]
output [
  {
    name: "scores"
    data_type: TYPE_FP32  # from the model
    dims: [ 10 ]  # from the model, without the batch dimension
    label_filename: "labels.txt"
  }
]

dynamic_batching {
  preferred_batch_size: [ 4, 8 ]
  max_queue_delay_microseconds: 100
}
`;

function digits(): ModelEntry {
  const description = describe({
    format: 'onnx',
    formatName: 'ONNX',
    byteSize: 48_300,
    facts: [
      ['Producer', 'skl2onnx 1.17.0'],
      ['IR version', '8'],
      ['Opset', 'ai.onnx 15'],
      ['Parameters', '11,274'],
      ['Operators', 'Gemm ×3, Relu ×2, Softmax ×1'],
    ],
    inputs: [tensor('image', 'FP32', 'batch', 1, 8, 8)],
    outputs: [tensor('scores', 'FP32', 'batch', 10)],
    notices: [],
    verdict: { kind: 'runs-natively' },
  });
  return {
    ...entry({ name: 'digits', description, text: DIGITS_CONFIG, states: [{ kind: 'unloaded' }, READY] }),
    labels: {
      'labels.txt': ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'],
    },
  };
}

const ADD_SUB_CONFIG = `name: "add_sub"
backend: "onnxruntime"
max_batch_size: 0  # from the model: the first dim is fixed
input [
  { name: "INPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
  { name: "INPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
]
output [
  { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
  { name: "OUTPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
]
`;

function addSub(): ModelEntry {
  const description = describe({
    format: 'onnx',
    formatName: 'ONNX',
    byteSize: 1_204,
    facts: [
      ['Producer', 'onnx 1.17.0'],
      ['IR version', '7'],
      ['Opset', 'ai.onnx 13'],
      ['Parameters', '0'],
    ],
    inputs: [tensor('INPUT0', 'INT32', 16), tensor('INPUT1', 'INT32', 16)],
    outputs: [tensor('OUTPUT0', 'INT32', 16), tensor('OUTPUT1', 'INT32', 16)],
    notices: [
      {
        severity: 'info',
        text: 'The first dim is fixed, so requests cannot be batched: max_batch_size is 0.',
      },
    ],
    verdict: { kind: 'runs-natively' },
  });
  return entry({ name: 'add_sub', description, text: ADD_SUB_CONFIG, states: [{ kind: 'unloaded' }] });
}

const TEXT_CONFIG = `name: "shout"
backend: "onnxruntime"
max_batch_size: 8
input [ { name: "text" data_type: TYPE_STRING dims: [ -1 ] } ]
output [ { name: "shouted" data_type: TYPE_STRING dims: [ -1 ] } ]
`;

function textModel(): ModelEntry {
  const description = describe({
    format: 'onnx',
    formatName: 'ONNX',
    byteSize: 812,
    facts: [
      ['Producer', 'onnx 1.17.0'],
      ['IR version', '8'],
      ['Opset', 'ai.onnx 18'],
    ],
    inputs: [tensor('text', 'BYTES', 'batch', 'words')],
    outputs: [tensor('shouted', 'BYTES', 'batch', 'words')],
    notices: [],
    verdict: { kind: 'runs-natively' },
  });
  const states: VersionState[] = [{ kind: 'loading', since: Date.now() }];
  return entry({ name: 'shout', description, text: TEXT_CONFIG, states });
}

function broken(): ModelEntry {
  const description = describe({
    format: 'onnx',
    formatName: 'ONNX',
    byteSize: 102_400_000,
    facts: [
      ['Producer', 'pytorch 2.8.0'],
      ['IR version', '10'],
      ['Opset', 'ai.onnx 17'],
      ['Parameters', '25,557,032'],
    ],
    inputs: [tensor('input', 'FP32', 'batch', 3, 224, 224)],
    outputs: [
      {
        name: 'logits',
        datatype: {
          value: 'FP32',
          provenance: 'inferred',
          reason: 'The last layer is a Gemm of FP32 weights.',
        },
        dims: {
          value: dims('batch', 1000),
          provenance: 'assumed',
          reason: 'The file does not say; 1000 rows in fc.weight.',
        },
      },
    ],
    notices: [],
    verdict: { kind: 'runs-natively' },
  });
  const text = `name: "resnet50_with_a_rather_long_name_v2_final_really"\nbackend: "onnxruntime"\nmax_batch_size: 8\ninput [\n  { name: "input_0" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] }\n]\n`;
  const states: VersionState[] = [
    {
      kind: 'unavailable',
      reason:
        "Internal: failed to load 'resnet50': Invalid argument: unexpected inference input 'input_0', allowed inputs are: input",
      explanation: {
        what: 'The config names an input that the model does not have.',
        why: 'config.pbtxt says "input_0"; the model file says "input".',
        fix: 'Rename the input in the config to "input".',
      },
    },
  ];
  return entry({ name: 'resnet50_with_a_rather_long_name_v2_final_really', description, text, states });
}

function weightsOnly(): ModelEntry {
  const description = describe({
    format: 'torch-state-dict',
    formatName: 'PyTorch weights',
    byteSize: 44_700_000,
    facts: [
      ['Tensors', '122'],
      ['Parameters', '11,689,512'],
    ],
    inputs: [],
    outputs: [],
    notices: [],
    verdict: {
      kind: 'cannot-be-served',
      reason: 'This file holds weights only (a state_dict): there is no program in it that could run.',
      fix: {
        text: 'Load the weights into the model class in Python and export it, then drop the new file.',
        lines: [
          'model = MyModel()',
          "model.load_state_dict(torch.load('weights.pt', weights_only=True))",
          "torch.onnx.export(model.eval(), (example,), 'model.onnx', dynamo=True)",
        ],
        language: 'python',
      },
    },
  });
  return entry({ name: 'weights', description, text: '', states: [{ kind: 'unloaded' }] });
}

function notAModel(): ModelEntry {
  return {
    ...entry({ name: 'notebooks', description: null, text: '', states: [] }),
    probe: { kind: 'skipped', reason: 'There is no model file.' },
    problem: 'Triton takes every directory for a model; this one has no version directory.',
  };
}
