import { REPOSITORY_FOLDER, type DeploymentFacts, type DeploymentFile } from './deployment-facts.ts';
import { tritonImage } from './triton-releases.ts';

/** A Dockerfile with the models in the image, and what keeps everything else out of its build. */
export function dockerImageFiles({ choices }: DeploymentFacts): readonly DeploymentFile[] {
  return [
    {
      path: 'Dockerfile',
      text: `FROM ${tritonImage(choices.release)}
COPY --chown=triton-server:triton-server ${REPOSITORY_FOLDER} /models
USER triton-server
EXPOSE 8000 8001 8002
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \\
  CMD ["curl", "-fsS", "http://localhost:8000/v2/health/ready"]
CMD ["tritonserver", "--model-repository=/models"]
`,
    },
    { path: '.dockerignore', text: `*\n!${REPOSITORY_FOLDER}\n` },
  ];
}
