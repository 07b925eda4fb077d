import { Checkbox, Group, SegmentedControl, TextInput } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { ModelEntry } from '../../app/contract/model-entry.ts';
import type { LogLine } from '../../app/contract/server-status.ts';
import { CopyButton } from '../clipboard/copy-button.tsx';
import { useLog } from './server-store.ts';
import classes from './log-panel.module.css';

type LevelFilter = 'all' | 'warning' | 'error';

const LEVELS: Record<LevelFilter, readonly LogLine['level'][]> = {
  all: ['info', 'warning', 'error'],
  warning: ['warning', 'error'],
  error: ['error'],
};

/** What the server and its engines say, of one model or of all. */
export function LogPanel({ model }: { readonly model: ModelEntry }) {
  const log = useLog();
  const [level, setLevel] = useState<LevelFilter>('all');
  const [text, setText] = useState('');
  const [isOfModel, setOfModel] = useState(false);
  const [isFollowing, setFollowing] = useState(true);
  const lines = useMemo(() => {
    const wanted = text.toLowerCase();
    return log.filter(
      (line) =>
        LEVELS[level].includes(line.level) &&
        line.text.toLowerCase().includes(wanted) &&
        (!isOfModel || line.text.includes(model.name)),
    );
  }, [log, level, text, isOfModel, model.name]);
  return (
    <section className={classes.panel} aria-label="Server log">
      <Group gap="sm">
        <SegmentedControl
          size="xs"
          aria-label="Level"
          value={level}
          onChange={(value) => setLevel(value === 'warning' || value === 'error' ? value : 'all')}
          data={[
            { value: 'all', label: 'Everything' },
            { value: 'warning', label: 'Warnings' },
            { value: 'error', label: 'Errors' },
          ]}
        />
        <TextInput
          size="xs"
          aria-label="Filter the log"
          placeholder="Filter"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Checkbox
          size="xs"
          label="This model only"
          checked={isOfModel}
          onChange={(event) => setOfModel(event.currentTarget.checked)}
        />
        <Checkbox
          size="xs"
          label="Follow"
          checked={isFollowing}
          onChange={(event) => setFollowing(event.currentTarget.checked)}
        />
        <span style={{ flex: 1 }} />
        <CopyButton text={lines.map(lineText).join('\n')} label="Copy log" isLabelled />
      </Group>
      <LogLines lines={lines} isFollowing={isFollowing} />
    </section>
  );
}

function LogLines({
  lines,
  isFollowing,
}: {
  readonly lines: readonly LogLine[];
  readonly isFollowing: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => 22,
    overscan: 20,
  });
  useEffect(() => {
    if (isFollowing && lines.length > 0) virtualizer.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [isFollowing, lines.length, virtualizer]);
  return (
    <div ref={box} className={classes.lines} role="log" aria-label="Log lines" tabIndex={0}>
      {lines.length === 0 && <p className="conch-muted">Nothing was logged that fits.</p>}
      <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          return (
            <div
              key={key}
              data-index={index}
              ref={virtualizer.measureElement}
              className={classes.line}
              data-level={line.level}
              style={{ transform: `translateY(${start}px)` }}
            >
              <span className={classes.time}>{timeText(line.at)}</span>
              <span className={classes.level}>{line.level}</span>
              <span className={classes.source}>{line.source}</span>
              <span className={classes.text}>{line.text}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function timeText(at: number): string {
  const date = new Date(at);
  const clock = date.toLocaleTimeString('en-GB', { hour12: false });
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function lineText({ at, level, source, text }: LogLine): string {
  return `${new Date(at).toISOString()} ${level} ${source} ${text}`;
}
