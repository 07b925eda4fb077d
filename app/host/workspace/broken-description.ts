import type { ModelDescription } from '../../core/formats/model-description.ts';

/** The description of a model that could not be looked at: the card says why. */
export function brokenDescription(reason: string, byteSize: number): ModelDescription {
  return {
    format: 'unknown',
    formatName: 'Unknown',
    byteSize,
    facts: [],
    inputs: [],
    outputs: [],
    externalData: [],
    notices: [],
    verdict: {
      kind: 'cannot-be-served',
      reason,
      fix: { text: 'Check that the file is complete, then drop it again.' },
    },
  };
}
