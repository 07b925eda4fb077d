/**
 * The messages of Triton's `model_config.proto` as one table. Parser, printers, JSON, hovers and the gRPC codec are
 * derived from it, and so are the types in `model-config.ts`. Fields stand in the order of the proto, which is the
 * order of the config JSON.
 */

/** Values of every enum, each at the index that is its proto number. The first is the default. */
export const CONFIG_ENUMS = {
  DataType: [
    'TYPE_INVALID',
    'TYPE_BOOL',
    'TYPE_UINT8',
    'TYPE_UINT16',
    'TYPE_UINT32',
    'TYPE_UINT64',
    'TYPE_INT8',
    'TYPE_INT16',
    'TYPE_INT32',
    'TYPE_INT64',
    'TYPE_FP16',
    'TYPE_FP32',
    'TYPE_FP64',
    'TYPE_STRING',
    'TYPE_BF16',
  ],
  'ModelInput.Format': ['FORMAT_NONE', 'FORMAT_NHWC', 'FORMAT_NCHW'],
  'BatchInput.Kind': [
    'BATCH_ELEMENT_COUNT',
    'BATCH_ACCUMULATED_ELEMENT_COUNT',
    'BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO',
    'BATCH_MAX_ELEMENT_COUNT_AS_SHAPE',
    'BATCH_ITEM_SHAPE',
    'BATCH_ITEM_SHAPE_FLATTEN',
  ],
  'BatchOutput.Kind': ['BATCH_SCATTER_WITH_INPUT_SHAPE'],
  'ModelOptimizationPolicy.ModelPriority': ['PRIORITY_DEFAULT', 'PRIORITY_MAX', 'PRIORITY_MIN'],
  'ModelQueuePolicy.TimeoutAction': ['REJECT', 'DELAY'],
  'ModelSequenceBatching.Control.Kind': [
    'CONTROL_SEQUENCE_START',
    'CONTROL_SEQUENCE_READY',
    'CONTROL_SEQUENCE_END',
    'CONTROL_SEQUENCE_CORRID',
  ],
  'ModelInstanceGroup.Kind': ['KIND_AUTO', 'KIND_GPU', 'KIND_CPU', 'KIND_MODEL'],
  'ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind': ['KIND_NVDLA'],
} as const;

/** One field of a message. */
export interface ConfigField {
  readonly name: string;
  /** Field number in the proto. */
  readonly number: number;
  /** A plain type (`string`, `bool`, `int32`, `int64`, `uint32`, `uint64`, `float`, `double`), a key of {@link CONFIG_ENUMS} or one of {@link CONFIG_MESSAGES}. */
  readonly type: string;
  readonly repeated?: true;
  /** The field is a map with keys of this type; `type` is the type of its values. */
  readonly mapKey?: 'string' | 'uint64';
  /** Name of the oneof that the field belongs to: at most one of its fields may be set. */
  readonly oneof?: string;
  /** A 64-bit field that Triton prints as a JSON number; protobuf's other 64-bit fields are strings there. */
  readonly isJsonNumber?: true;
  /** What it means, in one sentence for people who deploy models. */
  readonly doc: string;
}

/** Fields of every message, by the message's name without the package `inference`. */
export const CONFIG_MESSAGES = {
  ModelConfig: [
    {
      name: 'name',
      number: 1,
      type: 'string',
      doc: "The model's name; it must be the name of its directory, and may be left out.",
    },
    {
      name: 'platform',
      number: 2,
      type: 'string',
      doc: 'The kind of model, such as onnxruntime_onnx, pytorch_libtorch, tensorrt_plan or ensemble; filled in from the backend for most models.',
    },
    {
      name: 'backend',
      number: 17,
      type: 'string',
      doc: 'The Triton backend that runs the model: onnxruntime, pytorch, tensorrt, python, openvino, …; ensembles leave it out.',
    },
    {
      name: 'runtime',
      number: 25,
      type: 'string',
      doc: "File name of the backend library to use instead of the backend's usual one; normally left out.",
    },
    {
      name: 'version_policy',
      number: 3,
      type: 'ModelVersionPolicy',
      doc: 'Which versions of the model are served; the newest one unless this says otherwise.',
    },
    {
      name: 'max_batch_size',
      number: 4,
      type: 'int32',
      doc: 'The largest batch that one request may carry; 0 means that the model has no batch dimension and dims are the full shapes.',
    },
    {
      name: 'input',
      number: 5,
      type: 'ModelInput',
      repeated: true,
      doc: 'The tensors that a request must bring.',
    },
    {
      name: 'output',
      number: 6,
      type: 'ModelOutput',
      repeated: true,
      doc: 'The tensors that the model gives back.',
    },
    {
      name: 'batch_input',
      number: 20,
      type: 'BatchInput',
      repeated: true,
      doc: 'Extra inputs that the server computes from a batch of ragged requests.',
    },
    {
      name: 'batch_output',
      number: 21,
      type: 'BatchOutput',
      repeated: true,
      doc: "Outputs that the server has to cut up by the shapes of the requests' inputs.",
    },
    {
      name: 'optimization',
      number: 12,
      type: 'ModelOptimizationPolicy',
      doc: 'How the model is optimised when it is loaded.',
    },
    {
      name: 'dynamic_batching',
      number: 11,
      type: 'ModelDynamicBatching',
      oneof: 'scheduling_choice',
      doc: 'Lets the server join waiting requests into one batch; {} turns it on with its defaults.',
    },
    {
      name: 'sequence_batching',
      number: 13,
      type: 'ModelSequenceBatching',
      oneof: 'scheduling_choice',
      doc: 'Routes the requests of one sequence to one instance, for models that keep state between requests.',
    },
    {
      name: 'ensemble_scheduling',
      number: 15,
      type: 'ModelEnsembling',
      oneof: 'scheduling_choice',
      doc: 'The steps of an ensemble: which models run and how tensors flow between them.',
    },
    {
      name: 'instance_group',
      number: 7,
      type: 'ModelInstanceGroup',
      repeated: true,
      doc: 'How many copies of the model run, and on which device.',
    },
    {
      name: 'default_model_filename',
      number: 8,
      type: 'string',
      doc: 'File name of the model inside a version directory, such as model.onnx or model.pt.',
    },
    {
      name: 'cc_model_filenames',
      number: 9,
      type: 'string',
      mapKey: 'string',
      doc: 'Model file to use for a given CUDA compute capability.',
    },
    {
      name: 'metric_tags',
      number: 10,
      type: 'string',
      mapKey: 'string',
      doc: "Extra labels for this model's metrics.",
    },
    {
      name: 'parameters',
      number: 14,
      type: 'ModelParameter',
      mapKey: 'string',
      doc: 'Settings passed to the backend, each as a string_value.',
    },
    {
      name: 'model_warmup',
      number: 16,
      type: 'ModelWarmup',
      repeated: true,
      doc: 'Requests that the server runs on its own before the model becomes ready.',
    },
    {
      name: 'model_operations',
      number: 18,
      type: 'ModelOperations',
      doc: 'Libraries with custom operators (ONNX and TensorFlow models).',
    },
    {
      name: 'model_transaction_policy',
      number: 19,
      type: 'ModelTransactionPolicy',
      doc: 'Whether a request may have any number of responses.',
    },
    {
      name: 'model_repository_agents',
      number: 23,
      type: 'ModelRepositoryAgents',
      doc: "Agents that check or change the model's files before loading, such as checksum.",
    },
    {
      name: 'response_cache',
      number: 24,
      type: 'ModelResponseCache',
      doc: 'Whether answers to identical requests are taken from the response cache.',
    },
    {
      name: 'model_metrics',
      number: 26,
      type: 'ModelMetrics',
      doc: "Own settings for this model's metrics, such as histogram buckets.",
    },
  ],
  ModelVersionPolicy: [
    {
      name: 'latest',
      number: 1,
      type: 'ModelVersionPolicy.Latest',
      oneof: 'policy_choice',
      doc: 'Serve only the newest version or versions.',
    },
    {
      name: 'all',
      number: 2,
      type: 'ModelVersionPolicy.All',
      oneof: 'policy_choice',
      doc: "Serve every version in the model's directory.",
    },
    {
      name: 'specific',
      number: 3,
      type: 'ModelVersionPolicy.Specific',
      oneof: 'policy_choice',
      doc: 'Serve exactly the listed versions.',
    },
  ],
  'ModelVersionPolicy.Latest': [
    {
      name: 'num_versions',
      number: 1,
      type: 'uint32',
      doc: 'How many of the newest versions are served; it must be written, as 0 serves none.',
    },
  ],
  'ModelVersionPolicy.All': [],
  'ModelVersionPolicy.Specific': [
    {
      name: 'versions',
      number: 1,
      type: 'int64',
      repeated: true,
      isJsonNumber: true,
      doc: 'Numbers of the version directories that are served.',
    },
  ],
  ModelInput: [
    { name: 'name', number: 1, type: 'string', doc: "The input's name, exactly as in the model file." },
    {
      name: 'data_type',
      number: 2,
      type: 'DataType',
      doc: "The type of the input's elements, such as TYPE_FP32; TYPE_STRING is BYTES on the wire.",
    },
    {
      name: 'format',
      number: 3,
      type: 'ModelInput.Format',
      doc: 'Says that the input is an image of 3 dims in this layout; leave it out for anything else.',
    },
    {
      name: 'dims',
      number: 4,
      type: 'int64',
      repeated: true,
      isJsonNumber: true,
      doc: "The input's shape without the batch dimension when max_batch_size is above 0; -1 is a size that may vary.",
    },
    {
      name: 'reshape',
      number: 5,
      type: 'ModelTensorReshape',
      doc: 'The shape that the model sees, where it differs from the dims that clients send.',
    },
    { name: 'is_shape_tensor', number: 6, type: 'bool', doc: 'The input is a TensorRT shape tensor.' },
    {
      name: 'allow_ragged_batch',
      number: 7,
      type: 'bool',
      doc: 'Requests with different sizes of this input may be joined into one batch.',
    },
    { name: 'optional', number: 8, type: 'bool', doc: 'A request may leave this input out.' },
    {
      name: 'is_non_linear_format_io',
      number: 9,
      type: 'bool',
      doc: 'The input uses a non-linear TensorRT memory layout.',
    },
  ],
  ModelTensorReshape: [
    {
      name: 'shape',
      number: 1,
      type: 'int64',
      repeated: true,
      isJsonNumber: true,
      doc: "The shape on the model's side; it must hold as many elements as dims, and [] stands for one element.",
    },
  ],
  ModelOutput: [
    { name: 'name', number: 1, type: 'string', doc: "The output's name, exactly as in the model file." },
    {
      name: 'data_type',
      number: 2,
      type: 'DataType',
      doc: "The type of the output's elements, such as TYPE_FP32; TYPE_STRING is BYTES on the wire.",
    },
    {
      name: 'dims',
      number: 3,
      type: 'int64',
      repeated: true,
      isJsonNumber: true,
      doc: "The output's shape without the batch dimension when max_batch_size is above 0; -1 is a size that may vary.",
    },
    {
      name: 'reshape',
      number: 5,
      type: 'ModelTensorReshape',
      doc: 'The shape that the model produces, where it differs from the dims that clients receive.',
    },
    {
      name: 'label_filename',
      number: 4,
      type: 'string',
      doc: "Text file in the model's directory with one label a line, used for classification results.",
    },
    { name: 'is_shape_tensor', number: 6, type: 'bool', doc: 'The output is a TensorRT shape tensor.' },
    {
      name: 'is_non_linear_format_io',
      number: 7,
      type: 'bool',
      doc: 'The output uses a non-linear TensorRT memory layout.',
    },
  ],
  BatchInput: [
    { name: 'kind', number: 1, type: 'BatchInput.Kind', doc: 'What the server computes for this input.' },
    {
      name: 'target_name',
      number: 2,
      type: 'string',
      repeated: true,
      doc: 'Names of the model inputs that receive the value.',
    },
    {
      name: 'data_type',
      number: 3,
      type: 'DataType',
      doc: 'The type of the value: TYPE_INT32 or TYPE_FP32.',
    },
    {
      name: 'source_input',
      number: 4,
      type: 'string',
      repeated: true,
      doc: 'The input whose sizes are counted.',
    },
  ],
  BatchOutput: [
    {
      name: 'target_name',
      number: 1,
      type: 'string',
      repeated: true,
      doc: 'Names of the outputs handled this way.',
    },
    {
      name: 'kind',
      number: 2,
      type: 'BatchOutput.Kind',
      doc: 'How the output is cut up among the requests.',
    },
    {
      name: 'source_input',
      number: 3,
      type: 'string',
      repeated: true,
      doc: 'The input whose shape says how the output is cut up.',
    },
  ],
  ModelOptimizationPolicy: [
    {
      name: 'graph',
      number: 1,
      type: 'ModelOptimizationPolicy.Graph',
      doc: "How far the backend optimises the model's graph.",
    },
    {
      name: 'priority',
      number: 2,
      type: 'ModelOptimizationPolicy.ModelPriority',
      doc: "Priority of the model's GPU work (TensorRT only).",
    },
    { name: 'cuda', number: 3, type: 'ModelOptimizationPolicy.Cuda', doc: 'CUDA settings (TensorRT only).' },
    {
      name: 'execution_accelerators',
      number: 4,
      type: 'ModelOptimizationPolicy.ExecutionAccelerators',
      doc: 'Accelerators that the backend should use, such as tensorrt, cuda or openvino.',
    },
    {
      name: 'input_pinned_memory',
      number: 5,
      type: 'ModelOptimizationPolicy.PinnedMemoryBuffer',
      doc: 'Whether inputs go to the GPU through pinned memory; on by default.',
    },
    {
      name: 'output_pinned_memory',
      number: 6,
      type: 'ModelOptimizationPolicy.PinnedMemoryBuffer',
      doc: 'Whether outputs come from the GPU through pinned memory; on by default.',
    },
    {
      name: 'gather_kernel_buffer_threshold',
      number: 7,
      type: 'uint32',
      doc: 'Number of buffers from which a gather kernel is used; 0 never (TensorRT only).',
    },
    {
      name: 'eager_batching',
      number: 8,
      type: 'bool',
      doc: 'Prepare the next batch before the instance is free (TensorRT only).',
    },
  ],
  'ModelOptimizationPolicy.Graph': [
    {
      name: 'level',
      number: 1,
      type: 'int32',
      doc: "Optimization level: -1 basic, 1 extended, 0 the backend's own default (ONNX Runtime: everything).",
    },
  ],
  'ModelOptimizationPolicy.Cuda': [
    { name: 'graphs', number: 1, type: 'bool', doc: 'Capture CUDA graphs (TensorRT only).' },
    {
      name: 'busy_wait_events',
      number: 2,
      type: 'bool',
      doc: 'Wait for CUDA events by spinning: lower latency, more CPU load (TensorRT only).',
    },
    {
      name: 'graph_spec',
      number: 3,
      type: 'ModelOptimizationPolicy.Cuda.GraphSpec',
      repeated: true,
      doc: 'Which CUDA graphs are captured (TensorRT only).',
    },
    {
      name: 'output_copy_stream',
      number: 4,
      type: 'bool',
      doc: 'Copy outputs on a CUDA stream of their own (TensorRT only).',
    },
  ],
  'ModelOptimizationPolicy.Cuda.GraphSpec': [
    {
      name: 'batch_size',
      number: 1,
      type: 'int32',
      doc: 'Batch size of the captured graph; 0 for a model without batching.',
    },
    {
      name: 'input',
      number: 2,
      type: 'ModelOptimizationPolicy.Cuda.GraphSpec.Shape',
      mapKey: 'string',
      doc: 'Shape of each input of the captured graph, without the batch dimension.',
    },
    {
      name: 'graph_lower_bound',
      number: 3,
      type: 'ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound',
      doc: 'Smallest shapes that may use this graph.',
    },
  ],
  'ModelOptimizationPolicy.Cuda.GraphSpec.Shape': [
    { name: 'dim', number: 1, type: 'int64', repeated: true, doc: 'The dimensions.' },
  ],
  'ModelOptimizationPolicy.Cuda.GraphSpec.LowerBound': [
    { name: 'batch_size', number: 1, type: 'int32', doc: 'Smallest batch size that may use the graph.' },
    {
      name: 'input',
      number: 2,
      type: 'ModelOptimizationPolicy.Cuda.GraphSpec.Shape',
      mapKey: 'string',
      doc: 'Smallest shape of each input, without the batch dimension.',
    },
  ],
  'ModelOptimizationPolicy.ExecutionAccelerators': [
    {
      name: 'gpu_execution_accelerator',
      number: 1,
      type: 'ModelOptimizationPolicy.ExecutionAccelerators.Accelerator',
      repeated: true,
      doc: 'Accelerators for instances on a GPU, best first: tensorrt, cuda.',
    },
    {
      name: 'cpu_execution_accelerator',
      number: 2,
      type: 'ModelOptimizationPolicy.ExecutionAccelerators.Accelerator',
      repeated: true,
      doc: 'Accelerators for instances on the CPU, best first: openvino.',
    },
  ],
  'ModelOptimizationPolicy.ExecutionAccelerators.Accelerator': [
    { name: 'name', number: 1, type: 'string', doc: "The accelerator's name: tensorrt, cuda or openvino." },
    {
      name: 'parameters',
      number: 2,
      type: 'string',
      mapKey: 'string',
      doc: "The accelerator's own settings.",
    },
  ],
  'ModelOptimizationPolicy.PinnedMemoryBuffer': [
    { name: 'enable', number: 1, type: 'bool', doc: 'Use pinned memory; true by default.' },
  ],
  ModelDynamicBatching: [
    {
      name: 'preferred_batch_size',
      number: 1,
      type: 'int32',
      repeated: true,
      doc: 'Batch sizes that are run at once when they are reached; max_batch_size if left out.',
    },
    {
      name: 'max_queue_delay_microseconds',
      number: 2,
      type: 'uint64',
      isJsonNumber: true,
      doc: 'How long, in µs, a request may wait for others to share its batch; 0 does not wait.',
    },
    {
      name: 'preserve_ordering',
      number: 3,
      type: 'bool',
      doc: 'Answer in the order in which the requests came.',
    },
    {
      name: 'priority_levels',
      number: 4,
      type: 'uint64',
      isJsonNumber: true,
      doc: 'Number of priority levels; 1 is served first. 0 turns priorities off.',
    },
    {
      name: 'default_priority_level',
      number: 5,
      type: 'uint64',
      isJsonNumber: true,
      doc: 'Priority of requests that do not say one, from 1 to priority_levels.',
    },
    {
      name: 'default_queue_policy',
      number: 6,
      type: 'ModelQueuePolicy',
      doc: 'Queue limits of requests without a policy of their own.',
    },
    {
      name: 'priority_queue_policy',
      number: 7,
      type: 'ModelQueuePolicy',
      mapKey: 'uint64',
      doc: 'Queue limits for each priority level.',
    },
  ],
  ModelQueuePolicy: [
    {
      name: 'timeout_action',
      number: 1,
      type: 'ModelQueuePolicy.TimeoutAction',
      doc: 'What happens to a request that waited too long: REJECT or DELAY.',
    },
    {
      name: 'default_timeout_microseconds',
      number: 2,
      type: 'uint64',
      isJsonNumber: true,
      doc: 'How long, in µs, a request may wait in the queue; 0 has no limit.',
    },
    {
      name: 'allow_timeout_override',
      number: 3,
      type: 'bool',
      doc: 'A request may ask for a shorter timeout than the default.',
    },
    {
      name: 'max_queue_size',
      number: 4,
      type: 'uint32',
      doc: 'How many requests may wait; more are refused at once. 0 has no limit.',
    },
  ],
  ModelSequenceBatching: [
    {
      name: 'direct',
      number: 3,
      type: 'ModelSequenceBatching.StrategyDirect',
      oneof: 'strategy_choice',
      doc: 'Each sequence keeps one slot of one instance until it ends (the default).',
    },
    {
      name: 'oldest',
      number: 4,
      type: 'ModelSequenceBatching.StrategyOldest',
      oneof: 'strategy_choice',
      doc: 'Requests of many sequences are batched together, oldest first.',
    },
    {
      name: 'max_sequence_idle_microseconds',
      number: 1,
      type: 'uint64',
      isJsonNumber: true,
      doc: 'A sequence without requests for this long, in µs, is ended; 1000000 by default.',
    },
    {
      name: 'control_input',
      number: 2,
      type: 'ModelSequenceBatching.ControlInput',
      repeated: true,
      doc: 'Inputs by which the server tells the model about start, end, readiness and id of a sequence.',
    },
    {
      name: 'state',
      number: 5,
      type: 'ModelSequenceBatching.State',
      repeated: true,
      doc: 'Tensors that the server keeps between the requests of a sequence.',
    },
    {
      name: 'iterative_sequence',
      number: 6,
      type: 'bool',
      doc: 'The model asks to be run again for a request until it is done.',
    },
  ],
  'ModelSequenceBatching.StrategyDirect': [
    {
      name: 'max_queue_delay_microseconds',
      number: 1,
      type: 'uint64',
      isJsonNumber: true,
      doc: 'How long, in µs, a request may wait for the other slots; 0 does not wait.',
    },
    {
      name: 'minimum_slot_utilization',
      number: 2,
      type: 'float',
      doc: 'Share of slots (0.0 to 1.0) that must be ready for a batch to run before the delay is over.',
    },
  ],
  'ModelSequenceBatching.StrategyOldest': [
    {
      name: 'max_candidate_sequences',
      number: 1,
      type: 'int32',
      doc: 'How many sequences are active at a time; further ones wait.',
    },
    {
      name: 'preferred_batch_size',
      number: 2,
      type: 'int32',
      repeated: true,
      doc: 'Batch sizes that are run at once when they are reached; max_batch_size if left out.',
    },
    {
      name: 'max_queue_delay_microseconds',
      number: 3,
      type: 'uint64',
      isJsonNumber: true,
      doc: 'How long, in µs, a request may wait for others to share its batch; 0 does not wait.',
    },
    {
      name: 'preserve_ordering',
      number: 4,
      type: 'bool',
      doc: 'Answer in the order in which the requests came.',
    },
  ],
  'ModelSequenceBatching.ControlInput': [
    {
      name: 'name',
      number: 1,
      type: 'string',
      doc: "Name of the model's input that receives the control value.",
    },
    {
      name: 'control',
      number: 2,
      type: 'ModelSequenceBatching.Control',
      repeated: true,
      doc: 'What is told through this input.',
    },
  ],
  'ModelSequenceBatching.Control': [
    {
      name: 'kind',
      number: 1,
      type: 'ModelSequenceBatching.Control.Kind',
      doc: 'Which signal: start, ready, end, or the correlation id.',
    },
    {
      name: 'int32_false_true',
      number: 2,
      type: 'int32',
      repeated: true,
      doc: 'The two INT32 values for false and true.',
    },
    {
      name: 'fp32_false_true',
      number: 3,
      type: 'float',
      repeated: true,
      doc: 'The two FP32 values for false and true.',
    },
    {
      name: 'bool_false_true',
      number: 5,
      type: 'bool',
      repeated: true,
      doc: 'The two BOOL values for false and true.',
    },
    {
      name: 'data_type',
      number: 4,
      type: 'DataType',
      doc: 'Type of the correlation id tensor (CONTROL_SEQUENCE_CORRID only).',
    },
  ],
  'ModelSequenceBatching.State': [
    {
      name: 'input_name',
      number: 1,
      type: 'string',
      doc: 'Name of the model input that receives the kept state.',
    },
    {
      name: 'output_name',
      number: 2,
      type: 'string',
      doc: 'Name of the model output that holds the new state.',
    },
    { name: 'data_type', number: 3, type: 'DataType', doc: "The state's data type." },
    {
      name: 'dims',
      number: 4,
      type: 'int64',
      repeated: true,
      isJsonNumber: true,
      doc: "The state's shape without the batch dimension.",
    },
    {
      name: 'initial_state',
      number: 5,
      type: 'ModelSequenceBatching.InitialState',
      repeated: true,
      doc: "The state of a sequence's first request.",
    },
    {
      name: 'use_same_buffer_for_input_output',
      number: 6,
      type: 'bool',
      doc: 'Keep one buffer for the old and the new state.',
    },
    {
      name: 'use_growable_memory',
      number: 7,
      type: 'bool',
      doc: 'Let the state grow without copying (CUDA only).',
    },
  ],
  'ModelSequenceBatching.InitialState': [
    { name: 'data_type', number: 1, type: 'DataType', doc: 'Data type of the initial state.' },
    {
      name: 'dims',
      number: 2,
      type: 'int64',
      repeated: true,
      doc: 'Shape of the initial state without the batch dimension.',
    },
    { name: 'zero_data', number: 3, type: 'bool', oneof: 'state_data', doc: 'Start from zeros.' },
    {
      name: 'data_file',
      number: 4,
      type: 'string',
      oneof: 'state_data',
      doc: "Start from this file in the model's initial_state directory.",
    },
    { name: 'name', number: 5, type: 'string', doc: 'A name for this initial state.' },
  ],
  ModelEnsembling: [
    {
      name: 'step',
      number: 1,
      type: 'ModelEnsembling.Step',
      repeated: true,
      doc: 'The models of the ensemble, each with its tensor mappings.',
    },
    {
      name: 'max_inflight_requests',
      number: 2,
      type: 'uint32',
      doc: 'How many responses of a step may be under way at a time; 0 has no limit.',
    },
  ],
  'ModelEnsembling.Step': [
    { name: 'model_name', number: 1, type: 'string', doc: 'The model that this step runs.' },
    {
      name: 'model_version',
      number: 2,
      type: 'int64',
      isJsonNumber: true,
      doc: 'Version of that model; -1 is the newest.',
    },
    {
      name: 'input_map',
      number: 3,
      type: 'string',
      mapKey: 'string',
      doc: "From each input of the step's model to the ensemble tensor that feeds it.",
    },
    {
      name: 'output_map',
      number: 4,
      type: 'string',
      mapKey: 'string',
      doc: "From an output of the step's model to the ensemble tensor that it writes.",
    },
    { name: 'model_namespace', number: 5, type: 'string', doc: 'Reserved by Triton; leave it out.' },
  ],
  ModelInstanceGroup: [
    { name: 'name', number: 1, type: 'string', doc: "The group's name; <model>_<index> if left out." },
    {
      name: 'kind',
      number: 4,
      type: 'ModelInstanceGroup.Kind',
      doc: 'Where the instances run: KIND_CPU, KIND_GPU, KIND_MODEL (the backend decides) or KIND_AUTO.',
    },
    {
      name: 'count',
      number: 2,
      type: 'int32',
      doc: 'How many instances run (on each listed GPU); if left out 1, but 2 for ONNX Runtime on the CPU.',
    },
    {
      name: 'rate_limiter',
      number: 6,
      type: 'ModelRateLimiter',
      doc: 'Resources that an instance needs to run, when the server limits rates.',
    },
    {
      name: 'gpus',
      number: 3,
      type: 'int32',
      repeated: true,
      doc: 'Numbers of the GPUs to use; all of them if left out.',
    },
    {
      name: 'secondary_devices',
      number: 8,
      type: 'ModelInstanceGroup.SecondaryDevice',
      repeated: true,
      doc: 'Further devices that an instance needs, such as an NVDLA core.',
    },
    {
      name: 'profile',
      number: 5,
      type: 'string',
      repeated: true,
      doc: 'TensorRT optimization profiles (TensorRT only).',
    },
    { name: 'passive', number: 7, type: 'bool', doc: 'Load the instances, but give them no requests.' },
    {
      name: 'host_policy',
      number: 9,
      type: 'string',
      doc: 'Name of the host policy (NUMA node, CPU cores) of the instances.',
    },
  ],
  ModelRateLimiter: [
    {
      name: 'resources',
      number: 1,
      type: 'ModelRateLimiter.Resource',
      repeated: true,
      doc: 'The resources that one execution takes.',
    },
    {
      name: 'priority',
      number: 2,
      type: 'uint32',
      doc: 'Weight among instances: 2 gets half as many turns as 1.',
    },
  ],
  'ModelRateLimiter.Resource': [
    { name: 'name', number: 1, type: 'string', doc: "The resource's name." },
    { name: 'global', number: 2, type: 'bool', doc: 'The resource is shared by all devices.' },
    { name: 'count', number: 3, type: 'uint32', doc: 'How many of the resource one execution takes.' },
  ],
  'ModelInstanceGroup.SecondaryDevice': [
    {
      name: 'kind',
      number: 1,
      type: 'ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind',
      doc: 'The kind of device.',
    },
    { name: 'device_id', number: 2, type: 'int64', doc: "The device's number." },
  ],
  ModelParameter: [
    {
      name: 'string_value',
      number: 1,
      type: 'string',
      doc: "The setting's value, always written as a string.",
    },
  ],
  ModelWarmup: [
    { name: 'name', number: 1, type: 'string', doc: 'A name for this warm-up request.' },
    { name: 'batch_size', number: 2, type: 'uint32', doc: 'Rows of the warm-up request; at least 1.' },
    {
      name: 'inputs',
      number: 3,
      type: 'ModelWarmup.Input',
      mapKey: 'string',
      doc: 'The data of each input.',
    },
    { name: 'count', number: 4, type: 'uint32', doc: 'How often the request is run; once if left out.' },
  ],
  'ModelWarmup.Input': [
    { name: 'data_type', number: 1, type: 'DataType', doc: 'Data type of the input.' },
    {
      name: 'dims',
      number: 2,
      type: 'int64',
      repeated: true,
      isJsonNumber: true,
      doc: 'Shape of the input without the batch dimension, every size written out.',
    },
    {
      name: 'zero_data',
      number: 3,
      type: 'bool',
      oneof: 'input_data_type',
      doc: 'Fill the input with zeros.',
    },
    {
      name: 'random_data',
      number: 4,
      type: 'bool',
      oneof: 'input_data_type',
      doc: 'Fill the input with random values.',
    },
    {
      name: 'input_data_file',
      number: 5,
      type: 'string',
      oneof: 'input_data_type',
      doc: "Fill the input from this file in the model's warmup directory.",
    },
  ],
  ModelOperations: [
    {
      name: 'op_library_filename',
      number: 1,
      type: 'string',
      repeated: true,
      doc: 'Paths of the libraries with custom operators.',
    },
  ],
  ModelTransactionPolicy: [
    {
      name: 'decoupled',
      number: 1,
      type: 'bool',
      doc: 'The model may send any number of responses to a request; clients must then use gRPC streaming.',
    },
  ],
  ModelRepositoryAgents: [
    {
      name: 'agents',
      number: 1,
      type: 'ModelRepositoryAgents.Agent',
      repeated: true,
      doc: 'The agents, in the order in which they run.',
    },
  ],
  'ModelRepositoryAgents.Agent': [
    { name: 'name', number: 1, type: 'string', doc: "The agent's name, such as checksum." },
    { name: 'parameters', number: 2, type: 'string', mapKey: 'string', doc: "The agent's settings." },
  ],
  ModelResponseCache: [
    {
      name: 'enable',
      number: 1,
      type: 'bool',
      doc: 'Answer identical requests from the response cache; the server must be started with a cache.',
    },
  ],
  ModelMetrics: [
    {
      name: 'metric_control',
      number: 1,
      type: 'ModelMetrics.MetricControl',
      repeated: true,
      doc: 'Settings for one metric family each.',
    },
  ],
  'ModelMetrics.MetricControl': [
    {
      name: 'metric_identifier',
      number: 1,
      type: 'ModelMetrics.MetricControl.MetricIdentifier',
      doc: 'Which metric family is meant.',
    },
    {
      name: 'histogram_options',
      number: 2,
      type: 'ModelMetrics.MetricControl.HistogramOptions',
      oneof: 'metric_options',
      doc: 'Settings of a histogram.',
    },
  ],
  'ModelMetrics.MetricControl.MetricIdentifier': [
    {
      name: 'family',
      number: 1,
      type: 'string',
      doc: 'Name of the metric family, such as nv_inference_first_response_histogram_ms.',
    },
  ],
  'ModelMetrics.MetricControl.HistogramOptions': [
    {
      name: 'buckets',
      number: 1,
      type: 'double',
      repeated: true,
      doc: "Upper bounds of the histogram's buckets, in rising order.",
    },
  ],
} as const satisfies Record<string, readonly ConfigField[]>;

/** Name of a message of the config proto, such as `ModelInput`. */
export type MessageName = keyof typeof CONFIG_MESSAGES;

/** Name of an enum of the config proto, such as `DataType`. */
export type EnumName = keyof typeof CONFIG_ENUMS;

/** Whether a field type is a message. */
export function isMessageName(type: string): type is MessageName {
  return Object.hasOwn(CONFIG_MESSAGES, type);
}

/** Whether a field type is an enum. */
export function isEnumName(type: string): type is EnumName {
  return Object.hasOwn(CONFIG_ENUMS, type);
}

/** Names of an enum in the order of their numbers. */
export function enumValues(type: EnumName): readonly string[] {
  return CONFIG_ENUMS[type];
}

/** Fields of a message in the order of the proto. */
export function fieldsOf(message: MessageName): readonly ConfigField[] {
  return CONFIG_MESSAGES[message];
}

const FIELDS_BY_NAME: ReadonlyMap<string, ReadonlyMap<string, ConfigField>> = new Map(
  Object.entries(CONFIG_MESSAGES).map(([message, fields]) => [
    message,
    new Map(fields.map((field) => [field.name, field])),
  ]),
);

/** The field of a message by its name; undefined where the message has none of that name. */
export function fieldOf(message: MessageName, name: string): ConfigField | undefined {
  return FIELDS_BY_NAME.get(message)?.get(name);
}
