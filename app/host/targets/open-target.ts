import type { ContainerStatus } from '../../contract/container-status.ts';
import type { AnsweringServer, InferenceTarget } from '../../contract/inference-target.ts';
import { StatusError } from '../../core/status.ts';
import { createOpenInferenceClient, type OpenInferenceClient } from '../open-inference/http-client.ts';

/** A target that requests can be sent to. */
export interface OpenedTarget {
  /** @throws StatusError `unavailable` where the twin does not run: that is an outcome of the request. */
  client(): OpenInferenceClient;
  /** Absent for the twin. */
  readonly server?: AnsweringServer;
  /** Ends what was opened for this one use; a client that others use too stays. */
  release(): void;
}

/** Where the targets are found. */
export interface TargetSources {
  readonly twin: () => OpenInferenceClient;
  readonly container: () => ContainerStatus;
}

/**
 * Opens a target.
 * @throws StatusError `unavailable` where the container does not run, `invalid-argument` where there is no such kind.
 */
export function openTarget(target: InferenceTarget, sources: TargetSources): OpenedTarget {
  switch (target.kind) {
    case 'twin':
      return { client: sources.twin, release: () => undefined };
    case 'container': {
      const status = sources.container();
      if (status.kind !== 'running')
        throw new StatusError('unavailable', 'The Triton container does not run.');
      const client = createOpenInferenceClient(status.httpUrl);
      return {
        client: () => client,
        server: { kind: 'container', name: status.image },
        release: () => client.close(),
      };
    }
    default:
      throw new StatusError('invalid-argument', 'There is no such kind of server to send a request to.');
  }
}
