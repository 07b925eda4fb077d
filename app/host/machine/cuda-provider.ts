import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { StatusError } from '../../core/status.ts';
import { isRecord } from '../files/json-file.ts';

/** One library of the CUDA execution provider: where it is in its package and where it belongs on disk. */
export interface ProviderFile {
  readonly pathInPackage: string;
  readonly targetPath: string;
}

/** What ONNX Runtime's own package says about getting its CUDA execution provider. */
export interface ProviderPlan {
  readonly packageName: string;
  /** Candidates, best first: the index of a NuGet feed and the version in it. */
  readonly candidates: readonly { readonly feedIndex: string; readonly version: string }[];
  readonly files: readonly ProviderFile[];
}

function textOf(value: unknown): string {
  if (typeof value !== 'string')
    throw new StatusError('internal', 'ONNX Runtime describes its CUDA files in an unknown way.');
  return value;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!isRecord(value))
    throw new StatusError('internal', 'ONNX Runtime describes its CUDA files in an unknown way.');
  return value;
}

/** Where the onnxruntime-node package lies; the host reads its install metadata but never loads it. */
function runtimeFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
}

/** Reads the plan; null where there is none for this platform. */
export function readProviderPlan(platform: string, folder = runtimeFolder()): ProviderPlan | null {
  const metadata = recordOf(createRequire(import.meta.url)(join(folder, 'script', 'install-metadata.js')));
  const [requirement] = (recordOf(metadata['requirements'])[platform] ?? []) as readonly unknown[];
  if (requirement === undefined) return null;
  const manifest = recordOf(recordOf(metadata['manifests'])[`${platform}:${textOf(requirement)}`]);
  const files: ProviderFile[] = [];
  let packageKey = '';
  for (const [name, entry] of Object.entries(manifest)) {
    const { package: key, path } = recordOf(entry);
    packageKey = textOf(key);
    // TensorRT's library is large, needs TensorRT itself and is used by nothing here.
    if (name.includes('tensorrt')) continue;
    files.push({
      pathInPackage: textOf(path),
      targetPath: normalize(join(folder, 'bin', 'napi-v6', platform, name)),
    });
  }
  const source = recordOf(recordOf(metadata['packages'])[packageKey]);
  const feeds = recordOf(metadata['feeds']);
  const candidates = (source['versions'] as readonly unknown[]).map((candidate) => {
    const { feed, version } = recordOf(candidate);
    return { feedIndex: textOf(recordOf(feeds[textOf(feed)])['index']), version: textOf(version) };
  });
  return { packageName: textOf(source['name']), candidates, files };
}

/** Whether every library of the plan is on disk. */
export async function isProviderInstalled(plan: ProviderPlan): Promise<boolean> {
  for (const { targetPath } of plan.files) {
    try {
      await access(targetPath, constants.R_OK);
    } catch {
      return false;
    }
  }
  return true;
}

/** How a person gets the same files without Conch's help. */
export function byHandSteps(plan: ProviderPlan): readonly string[] {
  const version = plan.candidates[0]?.version ?? 'of the same version';
  return [
    `On a machine with network, download the NuGet package ${plan.packageName} ${version} (a .nupkg file is a zip archive).`,
    ...plan.files.map(({ pathInPackage, targetPath }) => `Copy ${pathInPackage} from it to ${targetPath}`),
    'Install CUDA 12 and cuDNN 9 so that the dynamic linker finds them (ldconfig -p | grep libcudnn).',
    'Restart Conch.',
  ];
}
