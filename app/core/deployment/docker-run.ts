import {
  REPOSITORY_FOLDER,
  resourceName,
  type DeploymentFacts,
  type DeploymentFile,
} from './deployment-facts.ts';
import { tritonImage } from './triton-releases.ts';

/** The options of `docker run`, one a line; `mount` is the shell's own way to name the folder beside the script. */
function options({ name, choices }: DeploymentFacts, mount: string): readonly string[] {
  return [
    'docker run --rm',
    `--name triton-${resourceName(name)}`,
    ...(choices.usesGpu ? ['--gpus all'] : []),
    '--shm-size=1g --ulimit memlock=-1 --ulimit stack=67108864',
    '--user triton-server --security-opt no-new-privileges --cap-drop ALL',
    '-p 127.0.0.1:8000:8000 -p 127.0.0.1:8001:8001 -p 127.0.0.1:8002:8002',
    `-v ${mount}`,
    tritonImage(choices.release),
    'tritonserver --model-repository=/models',
  ];
}

/** The same `docker run` for sh, PowerShell and cmd; each finds the repository beside itself. */
export function dockerRunFiles(facts: DeploymentFacts): readonly DeploymentFile[] {
  const sh = options(facts, `"$here/${REPOSITORY_FOLDER}":/models:ro`);
  const powerShell = options(facts, `"\${PSScriptRoot}/${REPOSITORY_FOLDER}:/models:ro"`);
  const cmd = options(facts, `"%~dp0${REPOSITORY_FOLDER}:/models:ro"`);
  return [
    {
      path: 'run.sh',
      text: `#!/bin/sh
# Serves the models beside this script on loopback: HTTP 8000, gRPC 8001, metrics 8002.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec ${sh.join(' \\\n  ')}
`,
      isExecutable: true,
    },
    {
      path: 'run.ps1',
      text: `# Serves the models beside this script on loopback: HTTP 8000, gRPC 8001, metrics 8002.
${powerShell.join(' `\n  ')}
`,
    },
    {
      path: 'run.cmd',
      text: `@echo off\r
rem Serves the models beside this script on loopback: HTTP 8000, gRPC 8001, metrics 8002.\r
${cmd.join(' ^\r\n  ')}\r
`,
    },
  ];
}
