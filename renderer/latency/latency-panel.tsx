import { ActionIcon, SegmentedControl, Tooltip } from '@mantine/core';
import { IconDownload, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { memo, useCallback, useEffect, useMemo, useState } from 'react';
import { formatDuration, formatWhole } from '../results/format-number.ts';
import { saveFile } from '../results/save-file.ts';
import { DotsChart } from './dots-chart.tsx';
import './latency.css';
import { useRequestRing } from './latency-store.ts';
import { PERCENTILE_FORMULA } from './percentile.ts';
import { RequestDetails } from './request-details.tsx';
import { ROLLING_REQUESTS } from './request-ring.ts';
import { requestsCsv } from './requests-csv.ts';
import { RequestsTable } from './requests-table.tsx';
import { SplitChart } from './split-chart.tsx';
import {
  endsOf,
  LATENCY_WINDOWS,
  rangeOf,
  summarize,
  type LatencyWindow,
  type WindowSummary,
} from './window-summary.ts';

interface LatencyPanelProps {
  readonly model: string;
  readonly labelsOf: (output: string) => readonly string[];
}

/** How long the requests of a model took, from any client: figures, chart, split and table over one window. */
export function LatencyPanel({ model, labelsOf }: LatencyPanelProps) {
  const { ring, end: newestEnd } = useRequestRing(model);
  const [window, setWindow] = useState<LatencyWindow>('5 min');
  const [pausedAt, setPausedAt] = useState<{ now: number; end: number } | null>(null);
  const [selected, setSelected] = useState<number | null>(null);
  const [opened, setOpened] = useState<number | null>(null);
  const clock = useSecond(pausedAt === null && window !== 'All');
  const now = pausedAt?.now ?? clock;
  const end = pausedAt?.end ?? newestEnd;
  const view = useMemo(() => {
    const range = rangeOf(ring, end, window, now);
    return { range, ends: endsOf(ring, range, window, now), summary: summarize(ring, range) };
  }, [ring, end, window, now]);
  const open = useCallback((number: number) => {
    setSelected(number);
    setOpened(number);
  }, []);
  const exportCsv = useCallback(
    () => saveFile(`${model}-requests.csv`, requestsCsv(ring, rangeOf(ring, end, window, now)), 'text/csv'),
    [model, ring, end, window, now],
  );
  const togglePause = useCallback(
    () => setPausedAt((paused) => (paused === null ? { now: Date.now(), end: ring.end } : null)),
    [ring],
  );
  return (
    <section className="latency-panel" aria-label="Latency">
      <header className="latency-head">
        <h2>Latency</h2>
        <Figures summary={view.summary} />
        {pausedAt !== null && <span className="latency-paused">Paused</span>}
        <div className="latency-controls">
          <WindowControl window={window} onWindow={setWindow} />
          <PauseButton isPaused={pausedAt !== null} onToggle={togglePause} />
          <ExportButton onExport={exportCsv} />
        </div>
      </header>
      {end === 0 ? (
        <p className="latency-empty">
          Every request to this model, from Conch or any other client, will be a dot here.
        </p>
      ) : (
        <div className="latency-columns">
          <div className="latency-charts">
            <figure>
              <DotsChart
                ring={ring}
                range={view.range}
                ends={view.ends}
                selected={selected}
                onSelect={setSelected}
                onOpen={open}
              />
              <DotsLegend />
            </figure>
            <figure>
              <SplitChart ring={ring} range={view.range} onOpen={open} />
              <SplitLegend />
            </figure>
          </div>
          <RequestsTable ring={ring} range={view.range} selected={selected} onOpen={open} />
        </div>
      )}
      {opened !== null && (
        <RequestDetails ring={ring} number={opened} labelsOf={labelsOf} onClose={() => setOpened(null)} />
      )}
    </section>
  );
}

interface WindowControlProps {
  readonly window: LatencyWindow;
  readonly onWindow: (window: LatencyWindow) => void;
}

// The controls are kept apart from what changes with every batch of requests.
const WindowControl = memo(function WindowControl({ window, onWindow }: WindowControlProps) {
  return (
    <SegmentedControl
      size="xs"
      aria-label="Window"
      value={window}
      onChange={(next) => onWindow(next in LATENCY_WINDOWS ? (next as LatencyWindow) : 'All')}
      data={Object.keys(LATENCY_WINDOWS)}
    />
  );
});

interface PauseButtonProps {
  readonly isPaused: boolean;
  readonly onToggle: () => void;
}

const PauseButton = memo(function PauseButton({ isPaused, onToggle }: PauseButtonProps) {
  return (
    <Tooltip label={isPaused ? 'Resume' : 'Pause'}>
      <ActionIcon variant="default" size={30} aria-label="Pause" aria-pressed={isPaused} onClick={onToggle}>
        {isPaused ? <IconPlayerPlay size={15} aria-hidden /> : <IconPlayerPause size={15} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
});

function ExportButton({ onExport }: { readonly onExport: () => void }) {
  return (
    <ActionIcon
      variant="default"
      size={30}
      aria-label="Export CSV"
      title="Export the requests of the window as CSV"
      onClick={onExport}
    >
      <IconDownload size={15} aria-hidden />
    </ActionIcon>
  );
}

/** Epoch milliseconds, once a second while the window moves by itself. */
function useSecond(isMoving: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isMoving) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isMoving]);
  return now;
}

function Figures({ summary }: { readonly summary: WindowSummary }) {
  const n = `n=${formatWhole(summary.answered)}, ${summary.clock} clock`;
  const duration = (value: number) => (Number.isNaN(value) ? '–' : formatDuration(value));
  const percentile = (name: string, value: number) => ({
    name,
    value: duration(value),
    meaning: `${name} of the window by ${PERCENTILE_FORMULA} (${n})`,
  });
  const figures = [
    {
      name: 'requests',
      value: formatWhole(summary.answered + summary.failed),
      meaning: 'Requests completed in the window, from any client',
    },
    {
      name: 'failed',
      value: formatWhole(summary.failed),
      meaning: 'Requests in the window that were not answered with 200',
    },
    percentile('p50', summary.p50),
    percentile('p95', summary.p95),
    percentile('p99', summary.p99),
    {
      name: 'rate',
      value: summary.perSecond === null ? '–' : `${Number(summary.perSecond.toPrecision(3))}/s`,
      meaning: '(requests − 1) ÷ time between the first and the last completion of the window',
    },
  ];
  return (
    <>
      <dl className="latency-figures">
        {figures.map(({ name, value, meaning }) => (
          <Figure
            key={name}
            name={name}
            value={value}
            meaning={meaning}
            isAlarming={name === 'failed' && summary.failed > 0}
          />
        ))}
      </dl>
      <span className="latency-sample">({n})</span>
    </>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  /** How it was measured, said on hover. */
  readonly meaning: string;
  readonly isAlarming: boolean;
}

const Figure = memo(function Figure({ name, value, meaning, isAlarming }: FigureProps) {
  return (
    <Tooltip label={meaning}>
      <div className={isAlarming ? 'latency-figure is-alarming' : 'latency-figure'}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    </Tooltip>
  );
});

function DotsLegend() {
  const rolled = `over the last ${ROLLING_REQUESTS} answered requests`;
  return (
    <figcaption className="latency-legend">
      <span className="legend-dot">answered</span>
      <span className="legend-cross">failed</span>
      <span className="legend-line is-p50" title={`p50 ${rolled}`}>
        p50
      </span>
      <span className="legend-line is-p95" title={`p95 ${rolled}`}>
        p95
      </span>
      <span className="legend-line is-p99" title={`p99 ${rolled}`}>
        p99
      </span>
      <span className="conch-muted">rolling, {rolled}</span>
    </figcaption>
  );
}

function SplitLegend() {
  return (
    <figcaption className="latency-legend">
      <span className="legend-block is-rest">rest</span>
      <span className="legend-block is-compute">compute</span>
      <span className="legend-block is-queue">queue</span>
      <span className="conch-muted">newest requests, top to bottom</span>
    </figcaption>
  );
}
