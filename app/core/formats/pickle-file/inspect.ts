import { cannotBeServed, describeFindings } from '../format-description.ts';
import { fileNameOf, hasBytes, type Candidate } from '../format.ts';
import type { ModelDescription } from '../model-description.ts';
import { scanPickle } from '../pickle/scan-pickle.ts';
import { noticesOf } from '../torch-checkpoint/inspect.ts';

const READ_BYTES = 32 * 1024 * 1024;

/** Whether the file is a Python pickle (protocol 2 to 5, or any by its name), which is not one of PyTorch. */
export function detectPickle({ head, path, source }: Candidate): boolean {
  if (source.size === 0) return false;
  if (/\.(pkl|pickle|joblib)$/i.test(path)) return true;
  const protocol = head[1] ?? 0;
  if (!hasBytes(head, [0x80]) || protocol < 2 || protocol > 5) return false;
  const { problem, end } = scanPickle(head);
  return problem === undefined || end >= head.byteLength - 16;
}

/** Describes a pickle by what it would run. Nothing in it is executed. */
export async function inspectPickle(candidate: Candidate): Promise<ModelDescription> {
  const scan = scanPickle(await candidate.source.read(0, READ_BYTES));
  const libraries = [...new Set(scan.globals.map((name) => name.replace(/\..*$/, '')))];
  const file = fileNameOf(candidate.path);
  const isScikit = libraries.includes('sklearn');
  return describeFindings(candidate, {
    format: 'pickle',
    formatName: 'Python pickle',
    facts: [['Libraries', libraries.slice(0, 10).join(', ')]],
    notices: noticesOf({ foreignGlobals: scan.globals }, scan.problem),
    verdict: isScikit
      ? cannotBeServed(
          'The file is a pickled scikit-learn model: Python objects, not a program.',
          'Convert it to ONNX in the Python that made it:',
          [
            'import joblib, skl2onnx',
            '',
            `model = joblib.load(${JSON.stringify(file)})  # runs its code`,
            'onnx_model = skl2onnx.to_onnx(model, X[:1].astype("float32"), options={"zipmap": False})',
            'open("model.onnx", "wb").write(onnx_model.SerializeToString())',
          ],
        )
      : cannotBeServed(
          'The file is a pickle: Python objects, which only Python can load, running their code. It is not a program that can be served.',
          'Load it in the Python that made it and export the model in it as ONNX.',
        ),
  });
}
