import { basename, extname, resolve } from 'node:path';
import { printConfigJson } from '../../app/core/model-config/config-json.ts';
import { generateConfig } from '../../app/core/model-config/generate-config.ts';
import { parseModelConfig } from '../../app/core/model-config/parse-config.ts';
import { checkModelName, safeModelName } from '../../app/core/repository/model-name.ts';
import { StatusError } from '../../app/core/status.ts';
import { describePath } from './describe-path.ts';

/** `conch config`. */
export async function printConfig(
  path: string,
  { name, json }: { readonly name?: string; readonly json?: boolean },
): Promise<void> {
  const { description, knownFiles } = await describePath(path);
  const { verdict } = description;
  if (verdict.kind === 'cannot-be-served') {
    throw new StatusError('unsupported', `${path} cannot be served: ${verdict.reason} ${verdict.fix.text}`);
  }
  const problem = name === undefined ? null : checkModelName(name);
  if (problem !== null) throw new StatusError('invalid-argument', problem);
  const modelName = name ?? safeModelName(basename(resolve(path), extname(path)));
  const text = generateConfig({ modelName, description, knownFiles });
  if (!json) process.stdout.write(text);
  else {
    const config = printConfigJson(parseModelConfig(text).config);
    process.stdout.write(
      `{"name":${JSON.stringify(modelName)},"text":${JSON.stringify(text)},"config":${config}}\n`,
    );
  }
}
