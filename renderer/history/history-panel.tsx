import { TextInput } from '@mantine/core';
import { IconHistory, IconSearch } from '@tabler/icons-react';
import { useCallback, useMemo, useState } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import { useHost } from '../host/host-context.tsx';
import { openModel } from '../navigation/navigation-store.ts';
import { raiseFailure } from '../notices/notices-store.ts';
import { formatCount } from '../format/format-quantity.ts';
import { labelsOfOutput } from '../test/model-inputs.ts';
import { openEntryInTest } from '../test/open-entry.ts';
import { EntryDetails } from './entry-details.tsx';
import './history.css';
import { HistoryList } from './history-list.tsx';
import { deleteEntry, loadOlder, useHistoryStore } from './history-store.ts';
import { matchingEntries } from './matching-entries.ts';

/** Every request that was sent to a model from Conch, with its whole body. */
export function HistoryPanel({ model }: { readonly model: ModelEntry }) {
  const host = useHost();
  const { name } = model;
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const all = useHistoryStore(({ entries }) => entries);
  const hidden = useHistoryStore((state) => state.hidden);
  const entries = useMemo(() => matchingEntries(all, name, search, hidden), [all, name, search, hidden]);
  const selected = entries.find(({ id }) => id === chosen)?.id ?? entries[0]?.id ?? null;
  const loadMore = useCallback(() => {
    loadOlder(host, name).catch((cause: unknown) => raiseFailure('Older requests could not be read', cause));
  }, [host, name]);
  const open = async (id: string) => {
    try {
      await openEntryInTest(host, model, await host.call('history.get', { id }));
      openModel(name, 'test');
    } catch (cause) {
      raiseFailure('The request could not be opened', cause);
    }
  };
  const remove = (id: string) => {
    const place = entries.findIndex((entry) => entry.id === id);
    setChosen(entries[place + 1]?.id ?? entries[place - 1]?.id ?? null);
    deleteEntry(host, id);
  };
  return (
    <div className="history-panel">
      <section className="history-side" aria-label="History">
        <TextInput
          size="xs"
          aria-label="Search the history"
          placeholder="failed, FP32, [1, 8, 8] …"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <p className="history-count" role="status">
          {formatCount(entries.length, 'request')}
          {search !== '' && ' found'}
        </p>
        <HistoryList
          entries={entries}
          selected={selected}
          onSelect={setChosen}
          onOpen={(id) => void open(id)}
          onDelete={remove}
          onEnd={loadMore}
        />
      </section>
      <div className="history-main">
        {selected === null ? (
          <div className="results-empty">
            <IconHistory size={28} stroke={1.4} aria-hidden />
            <p>
              {search === ''
                ? 'Requests that you run stand here, with their inputs and outputs.'
                : 'No request matches.'}
            </p>
          </div>
        ) : (
          <EntryDetails
            key={selected}
            id={selected}
            labelsOf={(output) => labelsOfOutput(model, output)}
            onOpen={(id) => void open(id)}
            onDelete={remove}
          />
        )}
      </div>
    </div>
  );
}
