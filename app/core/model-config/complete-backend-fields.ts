import { StatusError } from '../status.ts';
import type { ModelConfig } from './model-config.ts';

interface BackendRule {
  readonly backend: string;
  readonly platform?: string;
  readonly fileName: string;
  /** Whether the model file has to be a file or a directory to be taken for one; either where absent. */
  readonly fileKind?: 'file' | 'directory';
}

/** In Triton's order (`AutoCompleteBackendFields`): the first rule that fits a config decides. */
const RULES: readonly BackendRule[] = [
  { backend: 'tensorrt', platform: 'tensorrt_plan', fileName: 'model.plan', fileKind: 'file' },
  { backend: 'onnxruntime', platform: 'onnxruntime_onnx', fileName: 'model.onnx' },
  { backend: 'openvino', fileName: 'model.xml' },
  { backend: 'pytorch', platform: 'pytorch_libtorch', fileName: 'model.pt', fileKind: 'file' },
  { backend: 'pytorch', platform: 'torch_aoti', fileName: 'model.pt2', fileKind: 'file' },
  { backend: 'python', fileName: 'model.py' },
];

const TENSORFLOW_FILES: readonly (BackendRule & { readonly platform: string })[] = [
  {
    backend: 'tensorflow',
    platform: 'tensorflow_graphdef',
    fileName: 'model.graphdef',
    fileKind: 'file',
  },
  {
    backend: 'tensorflow',
    platform: 'tensorflow_savedmodel',
    fileName: 'model.savedmodel',
    fileKind: 'directory',
  },
];

/** `model.onnx`, `model.pt`, …: the file name that Triton gives a backend's model by default; undefined for others. */
export function defaultModelFilename(backend: string, platform = ''): string | undefined {
  const rules = [...RULES, ...TENSORFLOW_FILES].filter((rule) => rule.backend === backend);
  return (rules.find((rule) => rule.platform === platform) ?? rules[0])?.fileName;
}

/**
 * Fills in name, backend, platform and default file name from each other and from the files of the first version.
 * Throws StatusError with Triton's text where no backend can be told.
 */
export function completeBackendFields(
  modelName: string,
  written: ModelConfig,
  firstVersionFiles: readonly string[],
): ModelConfig {
  const config = { ...written, name: written.name || modelName };
  const tensorFlow = completeTensorFlow(config, firstVersionFiles);
  if (tensorFlow) return tensorFlow;
  const rule = RULES.find((each) => isRuleFor(each, config, firstVersionFiles));
  if (rule) return applyRule(rule, config);
  if (config.backend || config.platform || config.default_model_filename) return config;
  return completeFromName(modelName, config);
}

function completeTensorFlow(config: ModelConfig, files: readonly string[]): ModelConfig | null {
  let { platform = '' } = config;
  const { backend = '', default_model_filename: fileName = '' } = config;
  if (platform === '' && (backend === '' || backend === 'tensorflow')) {
    const rule = TENSORFLOW_FILES.find((each) =>
      fileName === '' ? isPresent(each, files) : each.fileName === fileName,
    );
    platform = rule?.platform ?? '';
  }
  const rule = TENSORFLOW_FILES.find((each) => each.platform === platform);
  return rule ? applyRule(rule, { ...config, platform }) : null;
}

function isRuleFor(rule: BackendRule, config: ModelConfig, files: readonly string[]): boolean {
  const { backend = '', platform = '', default_model_filename: fileName = '' } = config;
  if (backend !== '') {
    return backend === rule.backend && (rule.platform !== 'torch_aoti') === (platform !== 'torch_aoti');
  }
  if (rule.platform !== undefined && platformName(platform) === rule.platform) return true;
  if (fileName !== '') return fileName === rule.fileName;
  return platform === '' && isPresent(rule, files);
}

function platformName(platform: string): string {
  return platform === 'libtorch' ? 'pytorch_libtorch' : platform;
}

function isPresent({ fileName, fileKind }: BackendRule, files: readonly string[]): boolean {
  const isDirectory = files.some((path) => path.startsWith(`${fileName}/`));
  if (fileKind === 'directory') return isDirectory;
  return files.includes(fileName) || (isDirectory && fileKind === undefined);
}

function applyRule(rule: BackendRule, config: ModelConfig): ModelConfig {
  const isPythonRuntime = rule.backend === 'pytorch' && config.runtime === 'model.py';
  const fileName = config.default_model_filename || (isPythonRuntime ? '' : rule.fileName);
  const platform = config.platform || rule.platform;
  return {
    ...config,
    backend: config.backend || rule.backend,
    ...(platform !== undefined && { platform }),
    ...(fileName !== '' && { default_model_filename: fileName }),
  };
}

function completeFromName(modelName: string, config: ModelConfig): ModelConfig {
  const dot = modelName.indexOf('.');
  if (dot < 0) {
    throw new StatusError(
      'invalid-argument',
      `Invalid model name: Could not determine backend for model '${modelName}' with no backend in model configuration. Expected model name of the form 'model.<backend_name>'.`,
    );
  }
  const backend = modelName.slice(dot + 1);
  return { ...config, backend, default_model_filename: `model.${backend}` };
}
