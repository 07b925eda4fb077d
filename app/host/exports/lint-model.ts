import type { ModelEntry } from '../../contract/model-entry.ts';
import type { LintItem } from '../../core/export-lints/lint-repository.ts';
import type { DiskModel } from '../workspace/scan-repository.ts';

export function lintModel(_model: DiskModel, _entry: ModelEntry): readonly LintItem[] {
  return [];
}
