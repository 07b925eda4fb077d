import type { Fix, ModelNotice, Verdict } from '../model-description.ts';
import { printableName } from '../printable-name.ts';
import { ONNX_ELEMENT_TYPES } from './element-types.ts';
import type { ExternalDataReport } from './external-data.ts';
import type { OnnxModel, OnnxValue } from './onnx-model.ts';

/** The newest that ONNX Runtime 1.30 loads, as it said when asked: domain → opset, and the IR version. */
const NEWEST_OPSETS: ReadonlyMap<string, bigint> = new Map([
  ['', 26n],
  ['ai.onnx.ml', 5n],
]);
const NEWEST_IR_VERSION = 13n;

/** Domains of operators that ONNX Runtime 1.30 has built in. */
const BUILT_IN_DOMAINS: ReadonlySet<string> = new Set([
  '',
  'ai.onnx',
  'ai.onnx.ml',
  'ai.onnx.training',
  'ai.onnx.preview',
  'ai.onnx.preview.training',
  'com.microsoft',
  'com.microsoft.experimental',
  'com.microsoft.nchwc',
  'com.microsoft.dml',
  'com.ms.internal.nhwc',
  'org.pytorch.aten',
]);

/** Outputs of more bytes than this are worth a warning before the first request. */
const LARGE_OUTPUT_BYTES = 2n ** 30n;

/** Why no client can send or receive this input or output; undefined where one can. */
export function unsupportedValue({ type }: OnnxValue): string | undefined {
  if (type.kind === 'none') return 'the model does not say its type';
  if (type.kind !== 'tensor')
    return `it is ${/^[aeiou]/.test(type.kind) ? 'an' : 'a'} ${type.kind}; Triton and ONNX Runtime serve tensors only`;
  const elementType = ONNX_ELEMENT_TYPES.get(type.elementType);
  if (elementType === undefined) return `its element type ${type.elementType} is unknown`;
  return elementType.datatype === null ? `Triton has no datatype for ${elementType.name}` : undefined;
}

/** All verdicts that a model could end in, gravest first; empty where it runs. */
export function vetOnnx(model: OnnxModel, external: ExternalDataReport, fileName: string): Verdict[] {
  return [
    ...vetStructure(model),
    ...vetVersions(model, fileName),
    ...vetExternalData(external, fileName),
    ...vetValues(model, fileName),
    ...vetBfloat16(model),
    ...vetDomains(model),
  ];
}

/** What is worth knowing of a model that runs. */
export function noticesOfOnnx(model: OnnxModel, fileName: string): ModelNotice[] {
  const notices: ModelNotice[] = [];
  const opset = model.opsets.get('');
  if (opset !== undefined && opset < 7n) {
    notices.push({
      severity: 'warning',
      text: `The model uses opset ${opset}; ONNX Runtime guarantees results from opset 7 on.`,
      fix: convertVersion(fileName, 21n),
    });
  }
  for (const output of model.outputs) {
    const bytes = fixedBytes(output);
    if (bytes > LARGE_OUTPUT_BYTES) {
      notices.push({
        severity: 'warning',
        text: `Output ${printableName(output.name)} takes ${bytes} bytes in every answer.`,
      });
    }
  }
  for (const { name, type } of [...model.inputs, ...model.outputs]) {
    if (type.kind === 'tensor' && type.dims === null) {
      notices.push({
        severity: 'info',
        text: `The model does not say how many dimensions ${printableName(name)} has; dims must be set by hand.`,
      });
    }
  }
  return notices;
}

function cannotBeServed(reason: string, text: string, lines?: readonly string[]): Verdict {
  const fix: Fix = lines === undefined ? { text } : { text, lines, language: 'python' };
  return { kind: 'cannot-be-served', reason, fix };
}

function vetStructure(model: OnnxModel): Verdict[] {
  const exportAgain = 'Export the model again, or copy the file again: a part of it is missing.';
  if (!model.hasGraph)
    return [cannotBeServed('The file has no graph, so there is nothing to run.', exportAgain)];
  if (model.irVersion === null) {
    return [
      cannotBeServed('The file does not say its IR version; ONNX Runtime refuses such a model.', exportAgain),
    ];
  }
  if (model.outputs.length === 0) {
    return [
      cannotBeServed(
        'The graph has no output, so there is nothing to answer.',
        'Name at least one output when exporting.',
      ),
    ];
  }
  return [];
}

function vetVersions(model: OnnxModel, fileName: string): Verdict[] {
  const verdicts: Verdict[] = [];
  if (model.irVersion !== null && model.irVersion > NEWEST_IR_VERSION) {
    verdicts.push(
      cannotBeServed(
        `The file has IR version ${model.irVersion}; ONNX Runtime 1.30 reads up to ${NEWEST_IR_VERSION}.`,
        'Write the model with an older IR version:',
        [
          'import onnx',
          `model = onnx.load(${python(fileName)})`,
          'model.ir_version = 10',
          `onnx.save(model, ${python(fileName)})`,
        ],
      ),
    );
  }
  for (const [domain, version] of model.opsets) {
    const newest = NEWEST_OPSETS.get(domain);
    if (newest === undefined || version <= newest) continue;
    const reason = `The model uses opset ${version} of ${domain || 'ai.onnx'}; ONNX Runtime 1.30 knows up to ${newest}.`;
    const fix =
      domain === ''
        ? convertVersion(fileName, 21n)
        : { text: `Export the model with opset ${newest} of ${domain} or older.` };
    verdicts.push({ kind: 'cannot-be-served', reason, fix });
  }
  return verdicts;
}

function convertVersion(fileName: string, version: bigint): Fix {
  return {
    text: `Export with opset_version=${version}, or convert the file:`,
    lines: [
      'import onnx',
      'from onnx import version_converter',
      `model = version_converter.convert_version(onnx.load(${python(fileName)}), ${version})`,
      `onnx.save(model, ${python(fileName)})`,
    ],
    language: 'python',
  };
}

function vetExternalData({ missing, problems }: ExternalDataReport, fileName: string): Verdict[] {
  const verdicts: Verdict[] = [];
  const [firstProblem] = problems;
  if (firstProblem !== undefined) {
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    verdicts.push(
      cannotBeServed(
        `The external data of the model cannot be used: ${firstProblem}${more}.`,
        'Save the model with its weights in one file beside it:',
        saveExternal(fileName),
      ),
    );
  }
  if (missing.length > 0) {
    const names = missing.slice(0, 3).map(printableName).join(', ');
    const more = missing.length > 3 ? ` and ${missing.length - 3} more` : '';
    verdicts.push({
      kind: 'cannot-be-served',
      reason: `The weights are in ${names}${more}, not beside the model file.`,
      fix: {
        text: `Open the folder that holds both, or all files together: the model file and ${names}${more}.`,
      },
    });
  }
  return verdicts;
}

function saveExternal(fileName: string): string[] {
  return [
    'import onnx',
    `model = onnx.load(${python(fileName)})  # run where the weights can be found`,
    `onnx.save(model, ${python(fileName)}, save_as_external_data=True, location=${python(`${fileName}.data`)})`,
  ];
}

function vetValues(model: OnnxModel, fileName: string): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const side of ['input', 'output'] as const) {
    for (const value of side === 'input' ? requestInputs(model) : model.outputs) {
      const why = unsupportedValue(value);
      if (why === undefined) continue;
      const reason = `${side === 'input' ? 'Input' : 'Output'} ${printableName(value.name)} cannot be served: ${why}.`;
      verdicts.push({ kind: 'cannot-be-served', reason, fix: fixOfValue(value, side, fileName) });
    }
  }
  return verdicts;
}

function fixOfValue({ name, type }: OnnxValue, side: 'input' | 'output', fileName: string): Fix {
  if (type.kind === 'sequence' || type.kind === 'map') {
    return {
      text: `A scikit-learn classifier gives a plain tensor of probabilities when it is exported without ZipMap; other models need a node that makes a tensor of the ${type.kind}:`,
      lines: ['onnx_model = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False})'],
      language: 'python',
    };
  }
  const elementType = type.kind === 'tensor' ? ONNX_ELEMENT_TYPES.get(type.elementType) : undefined;
  if (elementType?.castTo === undefined)
    return { text: `Change the ${side} to a tensor of a type that Triton has, then export again.` };
  return {
    text: `Put a Cast between the ${side} and the model, so that clients see ${elementType.castTo}:`,
    lines: castLines(name, side, elementType.name, elementType.castTo, fileName),
    language: 'python',
  };
}

function castLines(
  name: string,
  side: 'input' | 'output',
  from: string,
  to: string,
  fileName: string,
): string[] {
  const insert =
    side === 'output'
      ? `model.graph.node.append(helper.make_node("Cast", [${python(name)}], [value.name], to=TensorProto.${to}))`
      : `model.graph.node.insert(0, helper.make_node("Cast", [value.name], [${python(name)}], to=TensorProto.${from}))`;
  return [
    'import onnx',
    'from onnx import TensorProto, helper',
    `model = onnx.load(${python(fileName)})`,
    `value = next(v for v in model.graph.${side} if v.name == ${python(name)})`,
    `value.name = ${python(`${name}_${to.toLowerCase()}`)}`,
    `value.type.tensor_type.elem_type = TensorProto.${to}`,
    insert,
    `onnx.save(model, ${python(fileName)})`,
  ];
}

function vetBfloat16(model: OnnxModel): Verdict[] {
  return [...requestInputs(model), ...model.outputs]
    .filter(
      ({ type }) => type.kind === 'tensor' && ONNX_ELEMENT_TYPES.get(type.elementType)?.datatype === 'BF16',
    )
    .map(({ name }) => ({
      kind: 'needs-container',
      backend: 'onnxruntime',
      reason: `${printableName(name)} is BF16, which the embedded ONNX Runtime cannot send or receive; a Triton container can. With a Cast to FLOAT at that place the model runs here too.`,
    }));
}

function vetDomains(model: OnnxModel): Verdict[] {
  const own = new Set([...model.functions].map((name) => name.slice(0, name.lastIndexOf(':'))));
  return [...model.nodeDomains]
    .filter((domain) => !BUILT_IN_DOMAINS.has(domain) && !own.has(domain))
    .map((domain) => ({
      kind: 'needs-container',
      backend: 'onnxruntime',
      reason: `The model uses operators of the domain ${printableName(domain)}, which ONNX Runtime does not have built in; a Triton container runs them with their library named in model_operations.op_library_filename.`,
    }));
}

/** Inputs that a request brings: initializers of the same name only give defaults. */
function requestInputs(model: OnnxModel): OnnxValue[] {
  return model.inputs.filter(({ name }) => !model.initializers.has(name));
}

function fixedBytes({ type }: OnnxValue): bigint {
  if (type.kind !== 'tensor' || type.dims === null) return 0n;
  const bits = BigInt(ONNX_ELEMENT_TYPES.get(type.elementType)?.bits ?? 0);
  return type.dims.reduce((bytes, dim) => bytes * BigInt(dim.kind === 'fixed' ? dim.size : 1), bits) / 8n;
}

function python(text: string): string {
  return JSON.stringify(text);
}
