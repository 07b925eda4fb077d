import type { HistorySummary } from '../../app/contract/inference.ts';

/** Every text by which an entry can be found. */
function searchText(entry: HistorySummary): string {
  const time = new Date(entry.at);
  return [
    entry.id,
    entry.inputsSummary,
    entry.protocol,
    entry.isAnswered ? 'answered' : 'failed',
    entry.origin === 'first-run' ? 'first request' : '',
    entry.version === undefined ? '' : `version ${entry.version}`,
    time.toLocaleString(),
    time.toISOString(),
  ]
    .join(' ')
    .toLowerCase();
}

/** The entries of a model in which every word of the search occurs; newest first, hidden ones left out. */
export function matchingEntries(
  entries: readonly HistorySummary[],
  model: string,
  search: string,
  hidden: ReadonlySet<string>,
): readonly HistorySummary[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return entries.filter((entry) => {
    if (entry.model !== model || hidden.has(entry.id)) return false;
    if (words.length === 0) return true;
    const text = searchText(entry);
    return words.every((word) => text.includes(word));
  });
}
