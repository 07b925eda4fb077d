import { describe, expect, test } from 'vitest';
import { explainFailure } from '../../../../app/core/explanations/explain-failure.ts';
import { FAILURES } from '../../../../app/core/explanations/failure-table.ts';

const NOTE =
  'NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be prepended to each input shape.';

/** Real messages, each with words that its explanation must say. */
const MESSAGES: readonly (readonly [message: string, words: string])[] = [
  [
    "inference request for sequence 42 to model 'm' must specify the START flag on the first request of the sequence",
    'does not know the sequence 42',
  ],
  ["inference request to model 'm' must specify a non-zero or non-empty correlation ID", 'sequence_id'],
  [
    "inference request to model 'm' must specify batch-size 1 due to requirements of sequence batcher",
    'one item in a request',
  ],
  [
    "[request id: <id_unknown>] sequence batching control 'CORRID' data-type is 'BYTES', but model 'm' expects 'UINT64'",
    'wrong type for m',
  ],
  ['timeout of the corresponding sequence has been expired', 'sequence_end'],
  [
    "[request id: <id_unknown>] failed to split the output state tensor 'OUTPUT_STATE' in responses: expected batch size of at least 2 in model output, got 1",
    'Take OUTPUT_STATE out of the outputs',
  ],
  [
    "sequence 7 of model 'm' has ended and has to be started again: the engine process of model 'm' ended: it was killed (SIGKILL); it is being started again",
    'The sequence 7 is lost',
  ],
  [
    "'use_growable_memory' can only work with KIND_GPU model instances right now. Please either change the instance type to KIND_GPU or set 'use_growable_memory' to false for state input 'S'.",
    'use_growable_memory to false',
  ],
  [
    `[request id: <id_unknown>] unexpected shape for input 'I' for model 'm'. Expected [-1,3], got [3]. ${NOTE}`,
    'put a 1 in front',
  ],
  ["unexpected shape for input 'I' for model 'm'. Expected [3], got [1,3]. ", 'Send the shape [3]'],
  ["inference input 'I' data-type is 'INT64', but model 'm' expects 'FP32'", 'Convert the values to FP32'],
  [
    "expected 2 inputs but got 1 inputs for model 'm'. Got input(s) ['A'], but missing required input(s) ['B']. Please provide all required input(s).",
    "'B' is missing",
  ],
  [
    "expected 2 inputs but got 3 inputs for model 'm'. Got input(s) ['X','B','A'], but missing required input(s) ]. Please provide all required input(s).",
    'brought 3 inputs',
  ],
  [
    'ensemble e contains models that are not available or ambiguous: a, b',
    'Load a, b, which brings the ensemble back',
  ],
  [
    "ensemble 'e' depends on 'a' which has no loaded version. Model 'a' loading failed with error: version 1 is at UNAVAILABLE state: Internal: x;",
    'Open a, correct what its page says',
  ],
  ["ensemble 'e' depends on 'a' whose required version 3 is not loaded.", 'model_version: -1'],
  ['circular dependency between ensembles: e -> ... -> f -> e', 'an ensemble that in turn needs e'],
  ["unexpected inference input 'X' for model 'm'", 'no input named X'],
  ["unexpected inference output 'O' for model 'm'", 'no output named O'],
  ["inference request batch-size must be <= 8 for 'm'", 'more than 8 items'],
  ["input 'I' batch size does not match other inputs for 'm'", 'same number of items'],
  ["input byte size mismatch for input 'I' for model 'm'. Expected 32, got 40", '40 bytes instead of 32'],
  ["unexpected size for input 'I', expecting 12 additional bytes for model 'm'", '12 bytes too short'],
  ["unexpected additional input data for model 'm'", 'more binary data'],
  ["expected 4 string elements for inference input 'I' for model 'm', got 3", 'its own length'],
  ['failed to parse the request JSON buffer: The document is empty. at 0', 'empty request'],
  [
    'failed to parse the request JSON buffer: The document root must not be followed by other values. at 418',
    '--data-binary',
  ],
  ['inference header size should be in range (0, 120), got: 300', 'says 300'],
  ['Unable to parse Inference-Header-Content-Length, got: x', 'where the JSON'],
  [
    "must specify valid 'Infer-Header-Content-Length' in request header and 'binary_data_size' when passing inputs in binary data format",
    'where the JSON',
  ],
  ['failed to parse the request JSON buffer: Missing a name for object member. at 13', 'byte 13'],
  [
    "Unable to parse 'inputs': attempt to access non-existing object member 'inputs'",
    'no field named inputs',
  ],
  ["Unable to parse 'data': Shape does not match true shape of 'data' field", 'as many values'],
  ["Failed to parse 'data' field: shape does not match true shape", 'as many values'],
  [
    'receiving FP16 data via JSON is not supported. Please use the binary data format for input I',
    'FP16 values cannot',
  ],
  [
    'request JSON size of 1073 bytes exceeds the maximum allowed input size of 1024 bytes. Use --http-max-input-size to increase the limit.',
    'at most 1024 bytes',
  ],
  [
    "model 'm', tensor 'x': for the model to support batching the shape should have at least 1 dimension and the first dimension must be -1; but shape expected by the model is [1,3]",
    'Set max_batch_size to 0',
  ],
  [
    "model 'm', tensor 'x': the model expects 2 dimensions (shape [-1,16]) but the model configuration specifies 3 dimensions (an initial batch dimension because max_batch_size > 0 followed by the explicit tensor shape, making complete shape [-1,16,1])",
    'the config means [-1,16,1], the model has [-1,16]',
  ],
  [
    "model 'm', tensor 'x': the model expects 2 dimensions (shape [-1,16]) but the model configuration specifies 1 dimensions (shape [16])",
    'Write dims: [-1,16]',
  ],
  [
    "unable to load model 'm', configuration expects 1 inputs, model provides 2",
    'lists 1 inputs, but the model file has 2',
  ],
  [
    "unable to load model 'm', configuration expects datatype TYPE_FP32 for input 'i', model provides TYPE_INT64",
    'TYPE_INT64',
  ],
  ["unexpected inference input 'X', allowed inputs are: A, B", 'The model file has: A, B'],
  [
    "autofill failed for model 'm': model does not support batching while non-zero max_batch_size is specified",
    'fixed first dimension',
  ],
  ["model input 'x' must specify 'data_type' for m", 'data_type of input x'],
  ["model input 'x' has different size for dims and reshape for m", 'reshape of x'],
  ['dynamic batching preferred size must be <= max batch size for m', 'preferred_batch_size'],
  ["Unsupported ONNX Type 'ONNX_TYPE_SEQUENCE' for I/O 'y', expected 'ONNX_TYPE_TENSOR'.", 'ZipMap'],
  ['failed to read text proto from /models/m/config.pbtxt', 'mistake in its spelling'],
  [
    "unexpected directory name 'd' for model 'n', directory name must equal model name",
    'Rename the folder to n',
  ],
  ["at least one version must be available under the version policy of model 'm'", 'm/1'],
  ["unable to find '/models/m/1/model.onnx' for model instance 'm_0'", 'model file model.onnx is not there'],
  ['failed to stat file /models/m/1/model.onnx', 'model file model.onnx is not there'],
  [
    "model 'm' cannot be loaded: its own backend library 'libx.so' is not loaded by this server; use the Triton container for this model",
    'brings its own backend library, libx.so',
  ],
  [
    "unable to find 'libtritonrepoagent_checksum.so' for repo agent 'checksum', searched: /opt/tritonserver/repoagents",
    'wants the repository agent checksum',
  ],
  [
    'onnx runtime error 1: Failed to load library nope.so with error: nope.so: cannot open shared object file: No such file or directory',
    'custom operators of nope.so cannot be loaded',
  ],
  [
    'Resource count for "R1" is limited to 1 which will prevent scheduling of one or more model instances, the minimum required count is 2',
    'wants 2 of the resource R1, and the server has only 1',
  ],
  ['failed to stat file /models/m/1/model.onnx', 'default_model_filename'],
  [
    'Internal: failed to open text file for read /models/m/labels.txt: No such file or directory',
    'labels.txt',
  ],
  [
    "Invalid model name: Could not determine backend for model 'm' with no backend in model configuration. Expected model name of the form 'model.<backend_name>'.",
    'model.onnx',
  ],
  [
    "unable to find backend library for backend 'tensorrt', try specifying runtime on the model configuration.",
    'no backend named tensorrt',
  ],
  ["unable to find backend library 'libx.so' for model 'm', searched: '/a' '/b' ", 'libx.so'],
  ["unexpected 'platform' and 'backend' pair, got:onnxruntim, onnxruntime", 'Remove platform'],
  ["unexpected platform type 'caffe2_netdef' for m", 'caffe2_netdef'],
  ['instance group m_0 of model m has kind KIND_GPU but no GPUs are available', 'KIND_CPU'],
  ['instance group m_0 of model m specifies invalid or unsupported gpu id 7. GPUs with at least', 'GPU 7'],
  ["output 'OUT' for ensemble 'e' is not written", 'output_map'],
  ['Unsupported model IR version: 11, max supported IR version: 10', 'IR version 11'],
  [
    'ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. Opset 99 is under development',
    'opset_version',
  ],
  ['Error No Op registered for Frobnicate with domain_version of 13', 'Frobnicate'],
  ['Fatal error: com.acme:Foo(-1) is not a registered function/op', 'com.acme:Foo'],
  ["NOT_IMPLEMENTED : Could not find an implementation for Cos(7) node with name ''", 'operator Cos'],
  [
    'onnx runtime error 1: External data path validation failed for initializer: w1. External data path does not exist: "/m/1/weights.bin"',
    'Copy all files',
  ],
  ['onnx runtime error 7: Load model from /m/1/model.onnx failed:Protobuf parsing failed.', 'Git LFS'],
  ['Type Error: Type parameter (T) of Optype (Add) bound to different types', 'contradicts itself'],
  [
    'Got invalid dimensions for input: x for the following indices\n index: 1 Got: 5 Expected: 4\n Please fix',
    'size 5 where the model takes 4',
  ],
  ['CUDA driver version is insufficient for CUDA runtime version', 'driver'],
  ['std::bad_alloc', 'not enough memory'],
  ['PytorchStreamReader failed locating file constants.pkl: file not found', 'torch.jit.script'],
  ["the engine process of model 'm' ended: an impossible division (SIGFPE)", 'divided by zero'],
  ['the engine process of the model ended: killed (SIGKILL)', 'memory ran out'],
  ['the engine process of the model ended: it ended with exit code 3', 'broke down'],
  ['Request timeout expired', 'waited too long'],
  ['[request id: 7] Exceeds maximum queue size', 'max_queue_size'],
  ['explicit model load / unload is not allowed if polling is enabled', '--model-control-mode=explicit'],
  ["Request for unknown model: 'm' version 9 is not found", 'Version 9 of m'],
  ["Request for unknown model: 'm' has no available versions", 'm is not ready'],
  ["Request for unknown model: 'm' is not found", 'no model named m'],
  ["requested model 'm' is not available", 'no model named m'],
  ["Socket '0.0.0.0:8000' already in use by pid 12", 'next free port'],
  ['not allowed to listen on 0.0.0.0:80: ports below 1024 need special rights', '1024 on'],
  ['ENOSPC: no space left on device, write', 'disk is full'],
  ["EROFS: read-only file system, open '/models/m'", 'cannot be written'],
  ['connect ECONNREFUSED 127.0.0.1:8000', 'No server answers'],
  [
    "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable.",
    'shared memory',
  ],
  ["HTTP end point doesn't support models with decoupled transaction policy", 'gRPC streaming'],
  ["failed to load 'm', failed to poll from model repository", 'config of m'],
];

describe('explainFailure', () => {
  test.each(MESSAGES)('%s', (message, words) => {
    const explanation = explainFailure(message);
    const said = Object.values(explanation ?? {}).join(' ');
    expect(said).toContain(words);
    expect(said).not.toMatch(/[{}]|undefined/);
  });

  test('every known message is among these, each explained by its own row', () => {
    const used = new Set(
      MESSAGES.map(([message]) => FAILURES.findIndex(({ pattern }) => pattern.test(message))),
    );
    const unused = FAILURES.filter((_, index) => !used.has(index));
    expect(unused.map(({ what }) => what)).toEqual([]);
  });

  test('finds the telling part of a message that surrounds others', () => {
    const text =
      "load failed for model 'bad': version 1 is at UNAVAILABLE state: Internal: onnx runtime error 7: Load model from /r/bad/1/model.onnx failed:Protobuf parsing failed.;\n";
    expect(explainFailure(text)?.what).toBe('The model file is damaged, or it is no ONNX model.');
  });

  test('says nothing of a message that it does not know', () => {
    expect(explainFailure('the moon is full')).toBeNull();
    expect(explainFailure('')).toBeNull();
  });
});
