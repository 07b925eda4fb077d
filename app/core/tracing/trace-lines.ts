import { DATATYPES } from '../datatypes.ts';
import { printJsonElements } from '../open-inference/json-tensor.ts';
import { printString } from '../open-inference/json-text.ts';
import type { NamedTensor } from '../tensors/tensor.ts';

/** Where in its way a tensor was recorded. */
export type TensorActivity = 'TENSOR_QUEUE_INPUT' | 'TENSOR_BACKEND_OUTPUT';

/** The object of a trace file that says which model a trace is of. */
export function printTraceModel(trace: {
  readonly id: number;
  readonly parentId: number;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly requestId: string;
}): string {
  const { id, parentId, modelName, modelVersion, requestId } = trace;
  const request = requestId === '' ? '' : `,"request_id":${printString(requestId)}`;
  const parent = parentId === 0 ? '' : `,"parent_id":${parentId}`;
  return `{"id":${id},"model_name":${printString(modelName)},"model_version":${modelVersion}${request}${parent}}`;
}

/** The object of a trace file that holds one time; nanoseconds of a steady clock. */
export function printTraceTimestamp(id: number, name: string, ns: bigint): string {
  return `{"id":${id},"timestamps":[{"name":${printString(name)},"ns":${ns}}]}`;
}

/** As a C++ stream writes a float: six significant digits. */
function printShortFloat(text: string): string {
  const value = Number(text);
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : text;
}

function printElements({ datatype, data }: NamedTensor): string {
  if (datatype === 'FP16' || datatype === 'BF16') return '';
  const elements = printJsonElements(datatype, data);
  if (datatype === 'BOOL') return elements.map((text) => (text === 'true' ? '1' : '0')).join(',');
  const isFloat = DATATYPES[datatype].elementBytes > 0 && datatype.startsWith('FP');
  return (isFloat ? elements.map(printShortFloat) : elements).join(',');
}

/** The object of a trace file that holds a tensor: its elements, shape and datatype as texts. */
export function printTraceTensor(id: number, activity: TensorActivity, tensor: NamedTensor): string {
  const { name, datatype, shape } = tensor;
  const printed = `"name":${printString(name)},"data":${printString(printElements(tensor))}`;
  return `{"id":${id},"activity":"${activity}","tensor":{${printed},"shape":"${shape.join(',')}","dtype":"${datatype}"}}`;
}
