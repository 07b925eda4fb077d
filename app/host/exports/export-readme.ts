import {
  REPOSITORY_FOLDER,
  type DeploymentFacts,
  type DeploymentTarget,
} from '../../core/deployment/deployment-facts.ts';
import { tritonImage } from '../../core/deployment/triton-releases.ts';

function dockerRun({ choices }: DeploymentFacts, folder: string): string {
  const gpus = choices.usesGpu ? '--gpus=all ' : '';
  return `docker run --rm ${gpus}-p 8000:8000 -p 8001:8001 -p 8002:8002 \\
  -v "$PWD${folder}":/models:ro \\
  ${tritonImage(choices.release)} \\
  tritonserver --model-repository=/models`;
}

/** The commands that bring the repository up on each target. */
const COMMANDS: Readonly<Record<DeploymentTarget, (facts: DeploymentFacts) => string>> = {
  repository: (facts) => dockerRun(facts, ''),
  'docker-run': () => './run.sh          # PowerShell: ./run.ps1     cmd: run.cmd',
  compose: () => 'docker compose up --wait',
  'docker-image': () =>
    'docker build -t models .\ndocker run --rm -p 8000:8000 -p 8001:8001 -p 8002:8002 models',
  kubernetes: () => 'kubectl apply -f kubernetes/          # fill in what the files leave open first',
  helm: () => 'helm install triton server/deploy/k8s-onprem -f helm/values.yaml',
  kserve: () => 'kubectl apply -f kserve/          # fill in what the files leave open first',
  sagemaker: () => './deploy.sh          # fill in the bucket and the role first',
  'cloud-storage': () => './upload-to-s3.sh          # or -gcs.sh, -azure.sh',
};

/** The note that goes with an exported repository: what it holds, how to run it and how to check it. */
export function exportReadme(facts: DeploymentFacts, hasSmokeTests: boolean): string {
  const { target, storageUri } = facts.choices;
  const [first] = facts.models;
  const list = facts.models.map(({ name }) => `- \`${name}\``).join('\n');
  const place =
    target === 'repository' || target === 'sagemaker'
      ? ''
      : `The models are in \`${REPOSITORY_FOLDER}/\`${storageUri === '' ? '' : `, whose content belongs at ${storageUri}`}.\n\n`;
  const ready = `Is it ready, and what does a model take?

\`\`\`sh
curl -i localhost:8000/v2/health/ready
curl localhost:8000/v2/models/${first?.name ?? ''}
curl localhost:8000/v2/models/${first?.name ?? ''}/config
\`\`\`
`;
  const smoke = hasSmokeTests
    ? `Does it answer as it did before? Saved requests and their answers tell:

\`\`\`sh
python3 smoke.py http://localhost:8000          # or, with curl and awk: sh smoke.sh http://localhost:8000
\`\`\`
`
    : '';
  const note =
    target === 'repository'
      ? 'Triton ignores the files here: it only looks at the directories beside them.\n'
      : '';
  // SageMaker's endpoint speaks neither of these paths.
  const sections = target === 'sagemaker' ? [] : [ready, smoke, note].filter((part) => part !== '');
  return `# Model repository for NVIDIA Triton Inference Server

${list}

${place}Run it${target === 'repository' ? ' in this directory (add `--gpus=all` where there is an NVIDIA GPU)' : ''}:

\`\`\`sh
${COMMANDS[target](facts)}
\`\`\`

${sections.join('\n')}`;
}
