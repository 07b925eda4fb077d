import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import type uPlot from 'uplot';
import { formatClock, formatDuration } from '../results/format-number.ts';
import { chartColumns, dotsOf } from './chart-points.ts';
import './latency.css';
import { PlotCanvas, plotAxis, type Palette } from './plot-canvas.tsx';
import type { RequestRing } from './request-ring.ts';
import type { RequestRange } from './window-summary.ts';

const HEIGHT = 230;
const REACH = 12;

interface DotsChartProps {
  readonly ring: RequestRing;
  readonly range: RequestRange;
  /** Left and right end in epoch milliseconds. */
  readonly ends: readonly [number, number];
  readonly selected: number | null;
  readonly onSelect: (number: number) => void;
  readonly onOpen: (number: number) => void;
}

interface Drawn {
  readonly dots: Int32Array;
  readonly ends: readonly [number, number];
  readonly selected: number | null;
}

/** Every request as a dot (a failed one as a cross) over time, with the rolling percentiles. */
export function DotsChart({ ring, range, ends, selected, onSelect, onOpen }: DotsChartProps) {
  const plot = useRef<uPlot | null>(null);
  const [hovered, setHovered] = useState<{ number: number; left: number; top: number } | null>(null);
  const dots = useMemo(() => dotsOf(ring, range), [ring, range]);
  const data = useMemo(() => chartColumns(ring, dots), [ring, dots]);
  const drawn = useRef<Drawn>({ dots, ends, selected });
  useEffect(() => {
    drawn.current = { dots, ends, selected };
    plot.current?.redraw(false, false);
  }, [dots, ends, selected]);
  const [makeOptions] = useState(() => (palette: Palette) => dotsOptions(palette, () => drawn.current));
  const nearest = (event: MouseEvent) => nearestDot(plot.current, dots, event);
  const step = (event: KeyboardEvent) => {
    const next = stepFrom(event.key, dots, selected);
    if (event.key === 'Enter' && selected !== null) onOpen(selected);
    if (next === null) return;
    event.preventDefault();
    onSelect(next);
  };
  const now = selected ?? dots.at(-1) ?? 0;
  return (
    <div
      className="dots-chart"
      role="slider"
      tabIndex={0}
      aria-label="Latency chart: arrow keys go from request to request, Enter opens one"
      aria-valuemin={range.start + 1}
      aria-valuemax={Math.max(range.start + 1, range.end)}
      aria-valuenow={now + 1}
      aria-valuetext={dots.length === 0 ? 'No requests' : describeRequest(ring, now)}
      onKeyDown={step}
      onMouseMove={(event) => setHovered(nearest(event))}
      onMouseLeave={() => setHovered(null)}
      onClick={(event) => {
        const dot = nearest(event);
        if (dot !== null) onOpen(dot.number);
      }}
    >
      <PlotCanvas makeOptions={makeOptions} data={data} height={HEIGHT} plotRef={plot} />
      {hovered !== null && (
        <div className="dots-chart-tip" style={{ left: hovered.left, top: hovered.top }}>
          {describeRequest(ring, hovered.number)}
        </div>
      )}
    </div>
  );
}

/** `Request 812, answered in 3.1 ms at 14:03:07.123`. */
function describeRequest(ring: RequestRing, number: number): string {
  const outcome = ring.isOk(number) ? 'answered in' : 'failed after';
  return `Request ${number + 1}, ${outcome} ${formatDuration(ring.value('total', number))} at ${formatClock(ring.value('at', number))}`;
}

function stepFrom(key: string, dots: Int32Array, selected: number | null): number | null {
  if (dots.length === 0) return null;
  const place = selected === null ? dots.length : dots.findIndex((number) => number >= selected);
  const last = dots.length - 1;
  const goal = {
    ArrowLeft: place - 1,
    ArrowDown: place - 1,
    ArrowRight: place + 1,
    ArrowUp: place + 1,
    PageDown: place - 10,
    PageUp: place + 10,
    Home: 0,
    End: last,
  }[key];
  return goal === undefined ? null : (dots[Math.min(last, Math.max(0, goal))] ?? null);
}

function nearestDot(plot: uPlot | null, dots: Int32Array, event: MouseEvent) {
  if (plot === null) return null;
  const box = plot.over.getBoundingClientRect();
  const [left, top] = [event.clientX - box.left, event.clientY - box.top];
  const [x = [], answered = [], failed = []] = plot.data;
  let best: { place: number; distance: number } | null = null;
  const first = plot.posToIdx(left - REACH);
  const last = plot.posToIdx(left + REACH);
  for (let place = first; place <= last; place++) {
    const y = answered[place] ?? failed[place];
    if (y === null || y === undefined) continue;
    const distance = Math.hypot(plot.valToPos(x[place] ?? 0, 'x') - left, plot.valToPos(y, 'y') - top);
    if (distance <= REACH && (best === null || distance < best.distance)) best = { place, distance };
  }
  const number = best === null ? undefined : dots[best.place];
  if (number === undefined) return null;
  return {
    number,
    left: Math.min(left + plot.over.offsetLeft, box.width - 120),
    top: top + plot.over.offsetTop,
  };
}

function dotsOptions(palette: Palette, drawn: () => Drawn): Omit<uPlot.Options, 'width' | 'height'> {
  const line = (stroke: string, width: number, dash: number[]): uPlot.Series => ({
    stroke,
    width,
    dash,
    points: { show: false },
  });
  return {
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: true, range: () => [drawn().ends[0] / 1000, drawn().ends[1] / 1000] },
      y: { range: (_, __, high) => [0, high > 0 ? high * 1.1 : 1] },
    },
    axes: [
      plotAxis(palette, { space: 80, size: 26, values: timeLabels }),
      plotAxis(palette, { size: 52, label: 'ms', labelSize: 14, labelGap: 0 }),
    ],
    series: [
      {},
      {
        stroke: palette.compute,
        paths: () => null,
        points: { show: true, size: 4, width: 0, fill: `${palette.compute}80` },
      },
      { stroke: palette.bad, paths: () => null, points: { show: false } },
      line(palette.text, 1.5, []),
      line(palette.busy, 1.5, [6, 4]),
      line(palette.bad, 1.5, [2, 3]),
    ],
    hooks: { draw: [(plot) => drawMarks(plot, palette, drawn())] },
  };
}

/** `14:03`, with seconds where the marks are closer than a minute. */
function timeLabels(_: uPlot, marks: number[], __: number, ___: number, step: number): string[] {
  const format: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
  const withSeconds = new Intl.DateTimeFormat('en', step < 60 ? { ...format, second: '2-digit' } : format);
  return marks.map((mark) => withSeconds.format(mark * 1000));
}

/** Failed requests are crosses, so that they are told apart without their colour; the selected one wears a ring. */
function drawMarks(plot: uPlot, palette: Palette, { dots, selected }: Drawn): void {
  const { ctx } = plot;
  const [x = [], answered = [], failed = []] = plot.data;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
  ctx.clip();
  ctx.setLineDash([]);
  ctx.strokeStyle = palette.bad;
  ctx.lineWidth = 1.6 * ratio;
  ctx.beginPath();
  const arm = 3.5 * ratio;
  for (let place = 0; place < x.length; place++) {
    const value = failed[place];
    if (value === null || value === undefined) continue;
    const [left, top] = [plot.valToPos(x[place] ?? 0, 'x', true), plot.valToPos(value, 'y', true)];
    ctx.moveTo(left - arm, top - arm);
    ctx.lineTo(left + arm, top + arm);
    ctx.moveTo(left + arm, top - arm);
    ctx.lineTo(left - arm, top + arm);
  }
  ctx.stroke();
  const place = selected === null ? -1 : dots.indexOf(selected);
  const value = answered[place] ?? failed[place];
  if (value !== null && value !== undefined) {
    ctx.strokeStyle = palette.accent;
    ctx.lineWidth = 2 * ratio;
    ctx.beginPath();
    ctx.arc(
      plot.valToPos(x[place] ?? 0, 'x', true),
      plot.valToPos(value, 'y', true),
      6 * ratio,
      0,
      2 * Math.PI,
    );
    ctx.stroke();
  }
  ctx.restore();
}
