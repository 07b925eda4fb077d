/** A known message and its explanation. `{name}` in the texts stands for the pattern's group of that name. */
export interface FailurePattern {
  readonly pattern: RegExp;
  readonly what: string;
  readonly why: string;
  readonly fix?: string;
}

/** Known messages, the more telling before those that may surround them. */
export const FAILURES: readonly FailurePattern[] = [
  // Requests whose place in a sequence is not clear.
  {
    pattern:
      /inference request for sequence (?<id>.+) to model '(?<model>[^']*)' must specify the START flag/,
    what: 'The server does not know the sequence {id}.',
    why: 'Its first request has to say that it starts the sequence. It may also have ended: by a request that said so, or because no request came for max_sequence_idle_microseconds.',
    fix: 'Send the first request with sequence_start true. If the pauses between requests are long, raise max_sequence_idle_microseconds in the config.',
  },
  {
    pattern:
      /inference request to model '(?<model>[^']*)' must specify a non-zero or non-empty correlation ID/,
    what: 'The request does not say to which sequence it belongs.',
    why: '{model} keeps state between the requests of a sequence (sequence_batching), so each request needs the id of one.',
    fix: 'Send the request parameter sequence_id (not 0), and sequence_start with the first request.',
  },
  {
    pattern:
      /inference request to model '(?<model>[^']*)' must specify batch-size 1 due to requirements of sequence batcher/,
    what: 'The request holds several items, but a request of a sequence is one item.',
    why: 'The server makes the batches itself, from the requests of different sequences.',
    fix: 'Send one item in a request: the first size of every shape is 1.',
  },
  {
    pattern:
      /sequence batching control '(?<control>[^']*)' data-type is '(?<given>\w+)', but model '(?<model>[^']*)' expects '(?<expected>\w+)'/,
    what: 'The id of the sequence has the wrong type for {model}.',
    why: 'The model gets the id as its input {control}: text where that is BYTES, a number for other types.',
    fix: 'Send sequence_id as text in quotes if {expected} is BYTES, else as a number without quotes.',
  },
  {
    pattern: /timeout of the corresponding sequence has been expired/,
    what: 'The sequence waited for a slot longer than its request allowed.',
    why: 'Every slot belongs to another sequence until that one ends or is idle for max_sequence_idle_microseconds.',
    fix: 'End sequences with sequence_end as soon as they are over, or allow more of them: max_batch_size (direct), max_candidate_sequences (oldest), or more instances.',
  },
  {
    pattern: /failed to split the output state tensor '(?<output>[^']*)' in responses/,
    what: 'The state {output} cannot be kept when several sequences run in one batch.',
    why: 'It is listed as an output of the model, too. Triton’s ONNX Runtime backend then keeps it for the first row of a batch only.',
    fix: 'Take {output} out of the outputs in the config. If clients need it, let the model give it a second time under another name (an Identity node).',
  },
  {
    pattern: /sequence (?<id>.+) of model '(?<model>[^']*)' has ended and has to be started again/,
    what: 'The sequence {id} is lost.',
    why: 'Its state lived with the engine process of {model}, which ended.',
    fix: 'Start the sequence again from its first request.',
  },
  {
    pattern: /'use_growable_memory'/,
    what: 'The model wants a state that grows in the memory of a GPU.',
    why: 'use_growable_memory needs CUDA’s virtual memory, which only a Triton with GPU instances has.',
    fix: 'Set use_growable_memory to false, or serve the model in the Triton container on a machine with a GPU.',
  },
  // Requests whose tensors do not fit the model.
  {
    pattern:
      /unexpected shape for input '(?<input>[^']*)' for model '(?<model>[^']*)'\. Expected \[(?<expected>[-\d,]*)\], got \[(?<got>[-\d,]*)\]\. NOTE/,
    what: 'Input {input} was sent with the shape [{got}], but the model takes [{expected}].',
    why: 'This model takes batches, so every shape begins with the number of items; -1 stands for any number.',
    fix: 'Send one item as a batch of one: put a 1 in front of the shape. If the model has no batch dimension, set max_batch_size to 0 and write the full shape in dims.',
  },
  {
    pattern:
      /unexpected shape for input '(?<input>[^']*)' for model '(?<model>[^']*)'\. Expected \[(?<expected>[-\d,]*)\], got \[(?<got>[-\d,]*)\]/,
    what: 'Input {input} was sent with the shape [{got}], but the model takes [{expected}].',
    why: 'This model does not take batches, so the shape must be the one in its config; -1 stands for any size.',
    fix: 'Send the shape [{expected}], or change dims of {input} in the config.',
  },
  {
    pattern:
      /inference input '(?<input>[^']*)' data-type is '(?<got>\w+)', but model '(?<model>[^']*)' expects '(?<expected>\w+)'/,
    what: 'Input {input} was sent as {got}, but the model takes {expected}.',
    why: 'Triton does not convert values from one type to another.',
    fix: 'Convert the values to {expected} before sending and name that datatype in the request. Tokenizers often give INT64, NumPy gives FP64.',
  },
  {
    pattern:
      /expected .*?(?<count>\d+) inputs? but got (?<got>\d+) inputs? for model '(?<model>[^']*)'.*missing required input\(s\) \[(?<missing>[^\]]+)\]/,
    what: 'The request brought {got} of the inputs of {model}; {missing} is missing.',
    why: 'Every input in the config that is not optional must be in the request.',
    fix: 'Add {missing} to the request.',
  },
  {
    pattern: /expected .*?\d+ inputs? but got (?<got>\d+) inputs? for model '(?<model>[^']*)'/,
    what: 'The request brought {got} inputs, which is not the number that {model} takes.',
    why: 'A request must bring exactly the inputs of the model’s config.',
    fix: 'Compare the names in the request with the inputs of the model.',
  },
  {
    pattern: /unexpected inference input '(?<input>[^']*)' for model '(?<model>[^']*)'/,
    what: 'The model {model} has no input named {input}.',
    why: 'Names must be the same as in the model’s config, capital letters included.',
    fix: 'Take the input names from the model’s metadata.',
  },
  {
    pattern: /unexpected inference output '(?<output>[^']*)' for model '(?<model>[^']*)'/,
    what: 'The model {model} has no output named {output}.',
    why: 'The request asks for an output that is not in the model’s config.',
    fix: 'Ask for an output that the model has, or leave the list of outputs out to get all of them.',
  },
  {
    pattern: /batch-size must be <= (?<max>\d+) for '(?<model>[^']*)'/,
    what: 'The request holds more than {max} items.',
    why: 'max_batch_size of {model} is {max}.',
    fix: 'Send fewer items in one request, or raise max_batch_size in the config.',
  },
  {
    pattern: /input '(?<input>[^']*)' batch size does not match other inputs/,
    what: 'Input {input} holds another number of items than the other inputs.',
    why: 'The first number of every shape is the batch size, and it must be the same for all inputs of a request.',
    fix: 'Send the same number of items for every input.',
  },
  {
    pattern:
      /input byte size mismatch for input '(?<input>[^']*)' for model '(?<model>[^']*)'\. Expected (?<expected>\d+), got (?<got>\d+)/,
    what: 'Input {input} came with {got} bytes instead of {expected}.',
    why: 'The number of bytes has to be the number of elements times the size of one element.',
    fix: 'Check that the array has the type and the shape that the request names.',
  },
  {
    pattern: /unexpected size for input '(?<input>[^']*)', expecting (?<missing>\d+) additional bytes/,
    what: 'The binary data of input {input} is {missing} bytes too short.',
    why: 'binary_data_size in the request announces more bytes than the body holds.',
    fix: 'Set binary_data_size to the real number of bytes, and send the blocks in the order of the inputs.',
  },
  {
    pattern: /unexpected additional input data for model '(?<model>[^']*)'/,
    what: 'The request holds more binary data than its inputs announce.',
    why: 'The sum of all binary_data_size values is smaller than the data behind the JSON.',
    fix: 'Set binary_data_size of each input to its real number of bytes.',
  },
  {
    pattern:
      /incomplete string length indicator|(?:expected|unexpected number of string) .*string elements|string elements for inference input/,
    what: 'The text data (BYTES) of an input is not put together rightly.',
    why: 'Each string must follow its own length, written in 4 bytes, and there must be one string for each element of the shape.',
    fix: 'Let a client library pack the strings, or put the length (4 bytes, lowest first) in front of each.',
  },
  // Requests that are not understood.
  {
    pattern: /The document is empty/,
    what: 'The server got an empty request.',
    why: 'The body of the request holds no JSON.',
    fix: 'Send the request as the body, with curl: -d @request.json.',
  },
  {
    pattern: /document root must not be followed by other values/,
    what: 'There is more in the request behind its JSON.',
    why: 'Binary data was sent, but the server was not told where the JSON ends.',
    fix: 'Send the header Inference-Header-Content-Length with the number of bytes of the JSON, and with curl use --data-binary instead of -d.',
  },
  {
    pattern: /inference header size should be in range \(0, (?<body>\d+)\), got: (?<got>-?\d+)/,
    what: 'The header Inference-Header-Content-Length says {got}, but the body has {body} bytes.',
    why: 'That header has to be the number of bytes of the JSON at the start of the body.',
    fix: 'Set it to the length of the JSON in bytes (not letters), or leave it out when the whole body is JSON.',
  },
  {
    pattern: /Inference-Header-Content-Length|valid 'Infer-Header-Content-Length'/,
    what: 'The server cannot tell where the JSON of the request ends.',
    why: 'Requests with binary data must say the length of their JSON in the header Inference-Header-Content-Length.',
    fix: 'Send that header as a plain number, or send the values as JSON in "data".',
  },
  {
    pattern: /failed to parse the request JSON buffer: (?<reason>.*?)\.? at (?<offset>\d+)/,
    what: 'The request is not valid JSON (byte {offset}).',
    why: 'The JSON reader says: {reason}.',
    fix: 'Check the commas, quotes and brackets near that place.',
  },
  {
    pattern: /Unable to parse '(?<field>\w+)': attempt to access non-existing object member/,
    what: 'The request has no field named {field}.',
    why: 'Every request needs "inputs", and each input needs "name", "shape", "datatype" and its data.',
    fix: 'Add "{field}" to the request.',
  },
  {
    pattern:
      /Unable to parse '(?<field>\w+)': (?:attempt to access JSON non-(?<type>[\w-]+)|.*does not match)|shape does not match true shape/i,
    what: 'The field {field|data} of the request does not hold what belongs there.',
    why: 'The number or the kind of its values does not fit the shape and datatype that the request names.',
    fix: 'Send as many values as the shape has elements, in the right type.',
  },
  {
    pattern: /(?:receiving|sending) (?<datatype>FP16|BF16) data via JSON is not supported/,
    what: '{datatype} values cannot travel as JSON.',
    why: 'JSON has no 16-bit numbers, so Triton takes and gives {datatype} as binary data only.',
    fix: 'Send and ask for this tensor as binary data, as the client libraries do by default.',
  },
  {
    pattern: /exceeds the maximum allowed (?:input size|value) of (?<max>\d+)/,
    what: 'The request is larger than the server takes.',
    why: 'The server reads at most {max} bytes.',
    fix: 'Send smaller batches, or start the server with a larger --http-max-input-size.',
  },
  // Models that do not load: config and model file disagree.
  {
    pattern:
      /model '(?<model>[^']*)', tensor '(?<tensor>[^']*)': for the model to support batching.*shape expected by the model is \[(?<shape>[-\d,]*)\]/,
    what: 'The config lets {model} take batches, but the model itself cannot.',
    why: 'Tensor {tensor} has the fixed shape [{shape}] in the model file; a model for batches has a first dimension of any size.',
    fix: 'Set max_batch_size to 0 and write the full shape [{shape}] in dims, or export the model again with a dynamic first dimension.',
  },
  {
    pattern:
      /model '(?<model>[^']*)', tensor '(?<tensor>[^']*)': the model expects (?<rank>\d+) dimensions \(shape \[(?<shape>[-\d,]*)\]\) but the model configuration specifies \d+ dimensions \(an initial batch.*complete shape \[(?<full>[-\d,]*)\]/,
    what: 'The config gives {tensor} another shape than the model file has.',
    why: 'With max_batch_size above 0 the dims stand without the batch: the config means [{full}], the model has [{shape}].',
    fix: 'Write the model’s shape without its first number in dims. If the model has no batch dimension, set max_batch_size to 0.',
  },
  {
    pattern:
      /model '(?<model>[^']*)', tensor '(?<tensor>[^']*)': the model expects (?<rank>\d+) dimensions \(shape \[(?<shape>[-\d,]*)\]\) but the model configuration specifies \d+ dimensions \(shape \[(?<dims>[-\d,]*)\]/,
    what: 'The config gives {tensor} the shape [{dims}], but the model file has [{shape}].',
    why: 'max_batch_size is 0, so the dims must be the full shape of the model.',
    fix: 'Write dims: [{shape}], or set max_batch_size above 0 if the first -1 is the batch.',
  },
  {
    pattern:
      /model '(?<model>[^']*)', configuration expects (?<config>\d+) inputs, model provides (?<file>\d+)/,
    what: 'The config lists {config} inputs, but the model file has {file}.',
    why: 'Every input of the model must be in the config, once.',
    fix: 'Copy the inputs from the model file into the config, or remove all inputs and outputs from it so that they are filled in.',
  },
  {
    pattern:
      /configuration expects datatype TYPE_(?<config>\w+) for (?<side>input|output) '(?<tensor>[^']*)', model provides TYPE_(?<file>\S+)/,
    what: 'The config says {config} for {side} {tensor}, but the model file has {file}.',
    why: 'The types in the config and in the model must be the same.',
    fix: 'Change data_type of {tensor} to TYPE_{file}.',
  },
  {
    pattern:
      /unexpected inference (?<side>input|output) '(?<tensor>[^']*)', allowed (?:in|out)puts are: (?<allowed>.*)/,
    what: 'The config names an {side} {tensor} that the model file does not have.',
    why: 'The model file has: {allowed}.',
    fix: 'Change the name in the config to one of these.',
  },
  {
    pattern: /autofill failed for model '(?<model>[^']*)': model does not support batching/,
    what: 'The config lets {model} take batches, but the model file cannot.',
    why: 'An input or output of the model has a fixed first dimension.',
    fix: 'Set max_batch_size to 0 or leave it out, or export the model again with a dynamic first dimension.',
  },
  {
    pattern: /model (?<side>input|output) '(?<tensor>[^']*)' must specify '(?<field>\w+)'/,
    what: 'The config says nothing about the {field} of {side} {tensor}.',
    why: 'An entry that is begun in the config is not completed from the model file.',
    fix: 'Add {field} to the entry, or remove the whole list of {side}s so that it is filled in.',
  },
  {
    pattern: /model (?:input|output) '(?<tensor>[^']*)' has different (?:size|number)/,
    what: 'The reshape of {tensor} does not fit its dims.',
    why: 'dims and reshape must hold the same number of elements, with as many -1 in the same places.',
    fix: 'Change dims or reshape so that their products are equal.',
  },
  {
    pattern: /dynamic batching preferred size must be/,
    what: 'A preferred batch size does not fit the model.',
    why: 'Preferred sizes must lie between 1 and max_batch_size.',
    fix: 'Change preferred_batch_size, raise max_batch_size, or leave preferred_batch_size out.',
  },
  {
    pattern: /Unsupported ONNX Type '(?<type>\w+)' for I\/O '(?<tensor>[^']*)'/,
    what: '{tensor} is no tensor, and only tensors can be served.',
    why: 'The model takes or gives a list, a dictionary or an optional value there ({type}).',
    fix: 'Export the model so that it gives plain tensors; for scikit-learn models turn the ZipMap option off.',
  },
  // Models that do not load: files and names.
  {
    pattern: /failed to read text proto from (?<path>\S+)/,
    what: 'The config.pbtxt of the model cannot be read.',
    why: 'It has a mistake in its spelling: a bracket, comma, quote or field name.',
    fix: 'Open the config in the editor; the mistake is underlined there with its line and a correction.',
  },
  {
    pattern: /unexpected directory name '(?<directory>[^']*)' for model '(?<name>[^']*)'/,
    what: 'The model is called {name} in its config, but its folder is called {directory}.',
    why: 'Triton wants both to be the same.',
    fix: 'Rename the folder to {name}, or set name in the config to "{directory}" or remove it.',
  },
  {
    pattern: /at least one version must be available under the version policy of model '(?<model>[^']*)'/,
    what: 'There is no version of {model} to serve.',
    why: 'Model files belong into a folder with a number, such as {model}/1, and the version policy must allow that number.',
    fix: 'Move the model file into a folder named 1, or change version_policy. Git does not keep an empty folder: put a file in it.',
  },
  {
    pattern: /(?:unable to find '|failed to stat file )(?<path>[^'\n;]*\/(?<file>[^/'\n;]+))/,
    what: 'The model file {file} is not there.',
    why: 'Nothing was found at {path}.',
    fix: 'Name the file {file}, or write its real name as default_model_filename in the config.',
  },
  {
    pattern: /failed to open text file for read (?<path>[^:\n]*\/(?<file>[^/:\n]+)): No such file/,
    what: 'The file {file}, which the config names, is not there.',
    why: 'Nothing was found at {path}; label files lie in the model’s folder, not in that of a version.',
    fix: 'Put the file there, or take its name out of the config.',
  },
  {
    pattern: /Could not determine backend for model '(?<model>[^']*)'/,
    what: 'Triton cannot tell what kind of model {model} is.',
    why: 'The config names no backend, and there is no file with a known name (model.onnx, model.pt, …) in its first version.',
    fix: 'Rename the model file, for ONNX to model.onnx, or write backend: "onnxruntime" in the config. A folder that is no model belongs somewhere else.',
  },
  {
    pattern: /unable to find backend library for backend '(?<backend>[^']*)'/,
    what: 'This server has no backend named {backend}.',
    why: 'The name in the config is misspelt, or the backend is not part of this server.',
    fix: 'Check the name (onnxruntime, pytorch, python, …), or serve the model with the Triton container, which has more backends.',
  },
  {
    pattern:
      /unable to find backend library '(?<library>[^']*)'|backend library name '(?<escaping>[^']*)' escapes/,
    what: 'The backend library {library}{escaping}, which the config names, cannot be used.',
    why: 'It was not found in the model’s folder or among the server’s backends.',
    fix: 'Remove runtime from the config.',
  },
  {
    pattern: /its own backend library '(?<library>[^']*)' is not loaded/,
    what: 'The model brings its own backend library, {library}, which this server does not load.',
    why: 'Backends of this server are built in; a library is code that would run in it.',
    fix: 'Remove runtime from the config to use the backend that is built in, or serve the model with the Triton container.',
  },
  {
    pattern: /unable to find 'libtritonrepoagent_\S+\.so' for repo agent '(?<agent>[^']*)'/,
    what: 'The config wants the repository agent {agent}, which this server does not have.',
    why: 'An agent checks or changes the files of a model before they are loaded; leaving it out could serve what it would refuse.',
    fix: 'Remove model_repository_agents from the config, or serve the model with the Triton container.',
  },
  {
    pattern:
      /Failed to load library (?<missing>\S+) with error|the library '(?<library>[^']*)' of custom operators is not loaded/,
    what: 'The custom operators of {missing}{library} cannot be loaded.',
    why: 'The config names a library of operators in model_operations; it is not there, or this server does not load such libraries.',
    fix: 'Export the model with standard operators and remove model_operations, or serve it with the Triton container.',
  },
  {
    pattern:
      /Resource count for "(?<resource>[^"]*)" is limited to (?<limit>\d+) .* the minimum required count is (?<count>\d+)/,
    what: 'The model wants {count} of the resource {resource}, and the server has only {limit}.',
    why: 'rate_limiter in instance_group asks for more than --rate-limit-resource gives, so no instance could ever run.',
    fix: 'Ask for less in rate_limiter.resources, or start the server with more: --rate-limit-resource={resource}:{count}.',
  },
  {
    pattern: /unexpected 'platform' and 'backend' pair, got:(?<platform>[^,]*), (?<backend>\S+)/,
    what: 'platform “{platform}” and backend “{backend}” in the config do not go together.',
    why: 'Each backend has its own platform, such as onnxruntime_onnx for onnxruntime.',
    fix: 'Remove platform from the config; Triton fills it in.',
  },
  {
    pattern: /unexpected platform type '(?<platform>[^']*)'/,
    what: 'The config names no backend that runs the model.',
    why: 'The platform “{platform}” alone does not tell the backend.',
    fix: 'Write backend: "onnxruntime" (or another one) in the config.',
  },
  {
    pattern: /kind KIND_GPU but (?:server does not support GPUs|no GPUs are available)/,
    what: 'The config asks for a GPU, but this server has none.',
    why: 'instance_group says KIND_GPU. There is no GPU here, or its driver is not found.',
    fix: 'Write kind: KIND_CPU, or remove instance_group: then Triton takes a GPU where there is one.',
  },
  {
    pattern: /specifies invalid or unsupported gpu id (?<gpu>-?\d+)/,
    what: 'The config asks for GPU {gpu}, which this machine does not have.',
    why: 'GPUs are numbered from 0.',
    fix: 'Change gpus in instance_group, or leave it out to use all of them.',
  },
  {
    pattern:
      /ensemble (?<ensemble>\S+) contains models that are not available or ambiguous: (?<models>[^\n"]+)/,
    what: 'A model that the ensemble needs is not there.',
    why: 'Steps of {ensemble} run on {models}: not in this repository, unloaded, or refused themselves.',
    fix: 'Load {models}, which brings the ensemble back by itself; or add what is missing to the repository, or change model_name of the step.',
  },
  {
    pattern:
      /ensemble '(?<ensemble>[^']+)' depends on '(?<model>[^']+)' (?:which has no loaded version|which is not valid)/,
    what: 'A model that the ensemble needs cannot be served.',
    why: 'A step of {ensemble} runs on {model}, which is not ready; what its own load said stands behind it.',
    fix: 'Open {model}, correct what its page says and serve it: the ensemble comes back by itself.',
  },
  {
    pattern:
      /ensemble '(?<ensemble>[^']+)' depends on '(?<model>[^']+)' whose required version (?<version>-?\d+) is not loaded/,
    what: 'A step asks for a version that is not loaded.',
    why: 'A step of {ensemble} names version {version} of {model}; its version policy, or the directory, has others.',
    fix: 'Set model_version: -1 in the step for the newest version, or let the version_policy of {model} load version {version}.',
  },
  {
    pattern: /circular dependency between ensembles: (?<ensemble>\S+)/,
    what: 'The ensemble needs itself.',
    why: 'A step of {ensemble} runs on an ensemble that in turn needs {ensemble}.',
    fix: 'Let the step name the model that does the work, not an ensemble that leads back here.',
  },
  {
    pattern:
      /ensembles?.*(?:is not written|is not used|is unused|not mapped|non-existing|inconsistent|not available or ambiguous|circular dependency|depends on)/,
    what: 'The steps of the ensemble do not fit together.',
    why: 'A tensor is not produced, not used, or differs in type or shape between two steps, or a model of a step is not loaded.',
    fix: 'Follow the named tensor through input_map and output_map of the steps; the names on the left are the model’s own, those on the right the ensemble’s.',
  },
  // ONNX Runtime.
  {
    pattern: /Unsupported model IR version: (?<version>\d+), max supported IR version: (?<max>\d+)/,
    what: 'The model was written in a newer ONNX format than this runtime reads.',
    why: 'The file has IR version {version}; the runtime reads up to {max}.',
    fix: 'Export again with an older onnx package, set model.ir_version = {max} and save, or use a newer Triton release.',
  },
  {
    pattern:
      /only \*?guarantees\*? support for models stamped with official released onnx opset versions|opset (?<opset>\d+) is under development/i,
    what: 'The model uses a newer set of operators (opset) than this runtime knows.',
    why: 'It was exported for a newer ONNX Runtime than the one that serves it.',
    fix: 'Export the model again with a lower opset_version, or use a newer Triton release.',
  },
  {
    pattern: /No Op registered for (?<operator>\w+) with domain_version of (?<version>\d+)/,
    what: 'The model uses the operator {operator}, which ONNX Runtime does not know.',
    why: 'It is a custom operator, or it is not part of opset {version}.',
    fix: 'Export without it or with another opset_version, or name the library that has the operator in model_operations.',
  },
  {
    pattern: /Fatal error: (?<operator>\S+) is not a registered function\/op/,
    what: 'The model uses the custom operator {operator}, which ONNX Runtime does not have.',
    why: 'Operators outside ONNX come in a library of their own.',
    fix: 'Name the library in model_operations, or export the model without this operator.',
  },
  {
    pattern: /Could not find an implementation for (?<operator>[\w.]+)/,
    what: 'ONNX Runtime cannot run the operator {operator} for this datatype.',
    why: 'The operator exists, but not for the type that the model feeds it on this device.',
    fix: 'Convert that part of the model to FP32, or use another device.',
  },
  {
    pattern:
      /External data path (?:does not exist|validation failed)|external data.*(?:not found|does not exist|escap)|model_path must not be empty/i,
    what: 'Weights of the model are missing.',
    why: 'The model keeps them in further files beside model.onnx, and one of these was not found there.',
    fix: 'Copy all files of the model into the version’s folder, with the names that they had at export.',
  },
  {
    pattern: /Protobuf parsing failed|ModelProto does not have a graph/,
    what: 'The model file is damaged, or it is no ONNX model.',
    why: 'ONNX Runtime could not read it; files cut off while copying or Git LFS pointers look like this.',
    fix: 'Copy or download the file again and compare its size.',
  },
  {
    pattern: /Type Error: |This is an invalid model|Invalid model\. Node input/,
    what: 'The model file contradicts itself.',
    why: 'A node in it gets a tensor that does not exist or has the wrong type.',
    fix: 'Check the model with onnx.checker.check_model(model, full_check=True) and export it again.',
  },
  {
    pattern:
      /Got invalid dimensions for input: (?<input>\S+).*?(?:index: (?<index>\d+) Got: (?<got>\d+) Expected: (?<expected>\d+))/s,
    what: 'Input {input} has the size {got} where the model takes {expected}.',
    why: 'The model file fixes dimension {index}, although the config may allow any size.',
    fix: 'Send the size {expected}, or export the model with a dynamic dimension there.',
  },
  {
    pattern: /CUDA (?:driver version is insufficient|failure)|CUDNN_STATUS|no CUDA-capable device/i,
    what: 'The GPU could not be used.',
    why: 'The driver is too old for this runtime, is not installed, or the GPU is out of memory.',
    fix: 'Update the NVIDIA driver, or serve the model on the CPU (KIND_CPU).',
  },
  {
    pattern: /bad_alloc|out of memory|Failed to allocate memory|JavaScript heap|ENOMEM/i,
    what: 'There was not enough memory.',
    why: 'The model and the tensors of its requests together need more than is free.',
    fix: 'Send smaller batches, lower count in instance_group, or unload other models.',
  },
  {
    pattern: /constants\.pkl|PytorchStreamReader|failed finding central directory/,
    what: 'The .pt file holds weights only, or a whole Python object, but no program that Triton can run.',
    why: 'It was saved with torch.save. Triton wants TorchScript or ONNX.',
    fix: 'Load it in Python and save it with torch.jit.script(model).save("model.pt"), or export it with torch.onnx.export.',
  },
  // Processes, ports, disk.
  {
    pattern: /SIGFPE/,
    what: 'The engine of the model was ended by a division that the processor cannot do.',
    why: 'An integer was divided by zero or the smallest integer by -1. Any client can send such values; no check of the model sees them.',
    fix: 'The engine starts again by itself. Keep such values out of the requests, or compute with floating point numbers.',
  },
  {
    pattern: /SIGKILL|exit code 137|\bOOM\b/,
    what: 'The engine of the model was ended from outside.',
    why: 'Most often the operating system did it because memory ran out.',
    fix: 'Send smaller batches, lower count in instance_group, or give the machine more memory.',
  },
  {
    pattern: /SIGSEGV|SIGABRT|SIGBUS|SIGILL|engine process .*ended|the engine .*(?:died|ended|crashed)/,
    what: 'The engine of the model broke down while it worked.',
    why: 'ONNX Runtime ended in a way that it should not; other models are not touched.',
    fix: 'The engine starts again by itself. If it happens again with the same request, export the model anew or try another version of it.',
  },
  {
    pattern: /Request timeout expired|deadline exceeded|timed out/i,
    what: 'The request waited too long and was given up.',
    why: 'The model was busy for longer than the time limit of the queue or of the client.',
    fix: 'Send fewer requests at a time, add instances (count in instance_group), or allow more time.',
  },
  {
    pattern: /Exceeds maximum queue size/,
    what: 'The queue of the model is full, so the request was refused.',
    why: 'max_queue_size in the config limits how many requests may wait.',
    fix: 'Send again later, raise max_queue_size, or add instances.',
  },
  {
    pattern: /explicit model load \/ unload is not allowed/,
    what: 'Models cannot be loaded or unloaded by request on this server.',
    why: 'The server was started in another model control mode.',
    fix: 'Start the server with --model-control-mode=explicit.',
  },
  {
    pattern: /Request for unknown model: '(?<model>[^']*)' version (?<version>\d+) is not found/,
    what: 'Version {version} of {model} is not loaded.',
    why: 'Only the versions that version_policy allows are loaded; without one, just the newest.',
    fix: 'Leave the version out of the request, or change version_policy.',
  },
  {
    pattern:
      /Request for unknown model: '(?<model>[^']*)' (?:has no available versions|version (?<version>\d+) is not at ready state)/,
    what: 'The model {model} is not ready.',
    why: 'It is still loading, was unloaded, or failed to load.',
    fix: 'Look at its state and reason in the model list, then load it again.',
  },
  {
    pattern:
      /Request for unknown model: '(?<model>[^']*)' is not found|requested model '(?<requested>[^']*)' is not available/,
    what: 'The server knows no model named {model}{requested}.',
    why: 'The name is misspelt, or its config was refused when the repository was read.',
    fix: 'Compare the name with the model list; the reason of a refused config stands there.',
  },
  {
    pattern: /EADDRINUSE|already in use|address in use/i,
    what: 'Another program already listens on this port.',
    why: 'A port can be used by one program at a time; often it is another Triton.',
    fix: 'Take the next free port, or end the other program.',
  },
  {
    pattern: /ports below 1024|EACCES.*(?:listen|port)/i,
    what: 'This port may not be used without special rights.',
    why: 'Ports below 1024 are kept for the system.',
    fix: 'Choose a port from 1024 on.',
  },
  {
    pattern: /ENOSPC|no space left/i,
    what: 'The disk is full.',
    why: 'The file could not be written; what was there before is unchanged.',
    fix: 'Free some space and try again.',
  },
  {
    pattern: /EROFS|read-only file system|EACCES|EPERM|permission denied/i,
    what: 'This folder cannot be written to.',
    why: 'It is read-only, or belongs to another user.',
    fix: 'Choose another folder, or change its permissions.',
  },
  {
    pattern: /ECONNREFUSED|connection refused/i,
    what: 'No server answers at this address.',
    why: 'It is not running, or listens on another port.',
    fix: 'Start the server, and compare host and port.',
  },
  {
    pattern: /Client shared memory is disabled/,
    what: 'This server does not take tensors through shared memory.',
    why: 'Recent releases have it turned off.',
    fix: 'Start the server with --allow-client-shm=true, or send the tensors in the request.',
  },
  {
    pattern: /decoupled transaction policy/,
    what: 'This model may send many responses to one request, which this way of asking cannot carry.',
    why: 'Its config sets decoupled to true.',
    fix: 'Ask it through gRPC streaming, or generate_stream.',
  },
  {
    pattern: /failed to load '(?<model>[^']*)', failed to poll from model repository/,
    what: 'The model {model} was refused before it was loaded.',
    why: 'Its folder was not found, or its config is not valid. Triton writes the reason to its log only.',
    fix: 'Open the config of {model}: the reason stands there.',
  },
];
