/** Release of the Triton image that the note names. */
const TRITON_RELEASE = '26.06';

/** The note that goes with an exported repository: what it holds and how to run it. */
export function exportReadme(models: readonly string[]): string {
  const [first = 'model'] = models;
  const list = models.map((name) => `- \`${name}\``).join('\n');
  return `# Model repository for NVIDIA Triton Inference Server

${list}

Run it in this directory (add \`--gpus=all\` where there is an NVIDIA GPU):

\`\`\`sh
docker run --rm -p 8000:8000 -p 8001:8001 -p 8002:8002 \\
  -v "$PWD":/models:ro \\
  nvcr.io/nvidia/tritonserver:${TRITON_RELEASE}-py3 \\
  tritonserver --model-repository=/models
\`\`\`

Is it ready, and what does a model take?

\`\`\`sh
curl -i localhost:8000/v2/health/ready
curl localhost:8000/v2/models/${first}
curl localhost:8000/v2/models/${first}/config
\`\`\`

Triton ignores this file: it only looks at the directories beside it.
`;
}
