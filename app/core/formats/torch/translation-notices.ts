import type { StatusError } from '../../status.ts';
import type { ModelNotice } from '../model-description.ts';
import type { Guard } from './tensor-graph.ts';
import { TranslationFailure } from './translation-failure.ts';

/**
 * What has to hold for the shapes of a request; nothing where a translation is for all.
 * @param others what becomes of a request with other shapes.
 */
export function guardNotices(
  guards: readonly Guard[],
  others: 'are refused' | 'wait while it is made once more for them',
): readonly ModelNotice[] {
  if (guards.length === 0) return [];
  const words = guards.map((guard) => guard.words).join(', ');
  return [
    { severity: 'info', text: `The translation holds for shapes with ${words}; other requests ${others}.` },
  ];
}

/** Everything that kept a model from being translated, with how often and where; nothing for other failures. */
export function unsupportedNotices(failure: StatusError): readonly ModelNotice[] {
  if (!(failure instanceof TranslationFailure) || failure.unsupported.length === 0) return [];
  const lines = failure.unsupported.map(
    ({ name, count, places, reason }) => `${name} (${count}×, ${places.join(', ')}): ${reason}`,
  );
  return [{ severity: 'warning', text: `Not translated: ${lines.join('; ')}.` }];
}
