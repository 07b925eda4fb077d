import { create } from 'zustand';
import type { ImportOutcome } from '../../app/contract/job.ts';

/** The outcomes that are shown in a dialog; empty while there is none. */
export const useImportReport = create<{ readonly outcomes: readonly ImportOutcome[] }>(() => ({
  outcomes: [],
}));

/** Explains what became of an import. */
export function showImportReport(outcomes: readonly ImportOutcome[]): void {
  useImportReport.setState({ outcomes });
}
