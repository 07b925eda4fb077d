import type { Fix } from '../formats/model-description.ts';

/** One row of the checklist that is shown before a repository leaves the house. */
export interface LintItem {
  readonly id: string;
  readonly title: string;
  readonly state: 'ok' | 'warning' | 'error';
  /** What was found, in a sentence. */
  readonly detail: string;
  readonly fix?: Fix;
}
