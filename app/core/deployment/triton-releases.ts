/** A release of Triton's container image. */
export interface TritonRelease {
  /** Year and month, as in the tag `26.07-py3`. */
  readonly tag: string;
  /** Version of Triton itself. */
  readonly version: string;
  /** The ONNX Runtime in it. */
  readonly onnxRuntime: string;
}

/**
 * Releases that are known, newest first, from the `build.py` of each tag. Which version a tag has follows no formula, so
 * this is a table.
 */
export const TRITON_RELEASES: readonly TritonRelease[] = [
  { tag: '26.07', version: '2.71.0', onnxRuntime: '1.27.0' },
  { tag: '26.06', version: '2.70.0', onnxRuntime: '1.24.4' },
  { tag: '26.05', version: '2.69.0', onnxRuntime: '1.24.4' },
  { tag: '26.04', version: '2.68.0', onnxRuntime: '1.24.4' },
  { tag: '26.03', version: '2.67.0', onnxRuntime: '1.24.2' },
  { tag: '26.02', version: '2.66.0', onnxRuntime: '1.24.1' },
  { tag: '26.01', version: '2.65.0', onnxRuntime: '1.23.2' },
  { tag: '25.12', version: '2.64.0', onnxRuntime: '1.23.2' },
  { tag: '25.11', version: '2.63.0', onnxRuntime: '1.23.2' },
  { tag: '25.10', version: '2.62.0', onnxRuntime: '1.23.1' },
  { tag: '25.09', version: '2.61.0', onnxRuntime: '1.23.0' },
  { tag: '25.08', version: '2.60.0', onnxRuntime: '1.23.0' },
  { tag: '25.07', version: '2.59.1', onnxRuntime: '1.22.0' },
  { tag: '25.06', version: '2.59.0', onnxRuntime: '1.22.0' },
  { tag: '25.05', version: '2.58.0', onnxRuntime: '1.22.0' },
  { tag: '25.04', version: '2.57.0', onnxRuntime: '1.21.0' },
  { tag: '25.03', version: '2.56.0', onnxRuntime: '1.21.0' },
  { tag: '25.02', version: '2.55.0', onnxRuntime: '1.20.1' },
];

/** The release that is written where nobody chose one. */
export const NEWEST_RELEASE = '26.07';

/** Older ones have vulnerabilities that are known. */
const OLDEST_SAFE_RELEASE = '26.06';
const LAST_WITH_TENSORFLOW = '25.02';
const FIRST_WITH_TORCH_AOTI = '26.03';

/** The image of a release with all backends. */
export function tritonImage(tag: string): string {
  return `nvcr.io/nvidia/tritonserver:${tag}-py3`;
}

/** Why a release does not suit models of these platforms (`tensorflow_savedmodel`, `torch_aoti`, …); empty where it does. */
export function releaseWarnings(tag: string, platforms: readonly string[]): readonly string[] {
  const warnings: string[] = [];
  if (!/^\d{2}\.\d{2}$/.test(tag))
    return [`${tag} is no release of Triton: they are called like ${NEWEST_RELEASE}.`];
  if (platforms.some((platform) => platform.startsWith('tensorflow')) && tag > LAST_WITH_TENSORFLOW)
    warnings.push(
      `TensorFlow models run in ${LAST_WITH_TENSORFLOW} and before; later images have no such backend.`,
    );
  if (platforms.includes('torch_aoti') && tag < FIRST_WITH_TORCH_AOTI)
    warnings.push(`torch_aoti models run in ${FIRST_WITH_TORCH_AOTI} and later.`);
  if (tag < OLDEST_SAFE_RELEASE)
    warnings.push(
      `Releases before ${OLDEST_SAFE_RELEASE} have known vulnerabilities: keep it away from strangers.`,
    );
  return warnings;
}
