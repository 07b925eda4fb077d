import { describeFindings } from '../format-description.ts';
import { fileNameOf, type Candidate } from '../format.ts';
import type { ModelDescription, TensorSignature } from '../model-description.ts';

const MAX_SOURCE_BYTES = 4 * 1024 * 1024;
const INPUT_NAME = /get_input_tensor_by_name\(\s*\w+\s*,\s*["']([^"'\n]{1,200})["']/g;
const OUTPUT_NAME = /pb_utils\.Tensor\(\s*["']([^"'\n]{1,200})["']/g;

/** Whether the file is a model of Triton's Python backend. */
export function detectPythonModel({ path, head }: Candidate): boolean {
  return (
    fileNameOf(path).endsWith('.py') &&
    /^class\s+TritonPythonModel\b/m.test(new TextDecoder('utf-8').decode(head))
  );
}

/** Describes a Python model by the names that its source mentions. The source is only searched, never run. */
export async function inspectPythonModel(candidate: Candidate): Promise<ModelDescription> {
  const source = new TextDecoder('utf-8').decode(await candidate.source.read(0, MAX_SOURCE_BYTES));
  return describeFindings(candidate, {
    format: 'python-model',
    formatName: 'Triton Python model',
    facts: [['Decoupled', /get_response_sender\(/.test(source) ? 'yes' : '']],
    inputs: namesOf(source, INPUT_NAME),
    outputs: namesOf(source, OUTPUT_NAME),
    notices: [
      {
        severity: 'warning',
        text: 'The model is Python code, which the container runs when it loads the model.',
      },
    ],
    verdict: {
      kind: 'needs-container',
      backend: 'python',
      reason: 'Python models run in the Python backend of a Triton container, as model.py.',
    },
  });
}

function namesOf(source: string, pattern: RegExp): TensorSignature[] {
  const names = new Set(Array.from(source.matchAll(pattern), ([, name = '']) => name));
  return Array.from(names, (name) => ({
    name,
    datatype: {
      value: 'FP32',
      provenance: 'assumed',
      reason: 'The source does not declare datatypes; FP32 is the most common.',
    },
    dims: { value: null, provenance: 'assumed', reason: 'The source does not declare shapes.' },
  }));
}
