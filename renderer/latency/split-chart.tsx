import { useEffect, useMemo, useRef, useState } from 'react';
import './usable-language.ts';
import uPlot from 'uplot';
import { splitColumns } from './chart-points.ts';
import './latency.css';
import { PlotCanvas, plotAxis, type Palette } from './plot-canvas.tsx';
import type { RequestRing } from './request-ring.ts';
import type { RequestRange } from './window-summary.ts';

const HEIGHT = 130;
const SHOWN = 60;

interface SplitChartProps {
  readonly ring: RequestRing;
  readonly range: RequestRange;
  readonly onOpen: (number: number) => void;
}

/** Where the time of the newest requests went: queue, compute and the rest on top of each other; a click opens one. */
export function SplitChart({ ring, range, onOpen }: SplitChartProps) {
  const plot = useRef<uPlot | null>(null);
  const latestOpen = useRef(onOpen);
  useEffect(() => {
    latestOpen.current = onOpen;
  });
  const data = useMemo(() => splitColumns(ring, range, SHOWN), [ring, range]);
  const [makeOptions] = useState(
    () => (palette: Palette) => splitOptions(palette, (number) => latestOpen.current(number)),
  );
  return (
    <div className="split-chart">
      <PlotCanvas makeOptions={makeOptions} data={data} height={HEIGHT} plotRef={plot} />
    </div>
  );
}

/** The keyboard reaches the same requests by the chart of dots and by the table. */
function openOnClick(plot: uPlot, onOpen: (number: number) => void): void {
  plot.over.addEventListener('click', (event) => {
    const number = plot.data[0][plot.posToIdx(event.offsetX)];
    if (number !== undefined) onOpen(number);
  });
}

function splitOptions(
  palette: Palette,
  onOpen: (number: number) => void,
): Omit<uPlot.Options, 'width' | 'height'> {
  const paths = uPlot.paths.bars?.({ size: [0.85, 18], align: 0 });
  const bar = (fill: string): uPlot.Series => ({
    fill,
    width: 0,
    points: { show: false },
    ...(paths === undefined ? {} : { paths }),
  });
  return {
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: false, range: (_, low, high) => [Math.min(low, high - 12) - 0.6, high + 0.6] },
      y: { range: (_, __, high) => [0, high > 0 ? high * 1.1 : 1] },
    },
    axes: [
      plotAxis(palette, {
        size: 26,
        incrs: [1, 2, 5, 10, 20, 50],
        values: (_, splits) => splits.map((number) => (number < 0 ? '' : String(number + 1))),
        grid: { show: false },
      }),
      plotAxis(palette, { size: 52, label: 'ms', labelSize: 14, labelGap: 0 }),
    ],
    hooks: { init: [(plot) => openOnClick(plot, onOpen)] },
    series: [{}, bar(palette.rest), bar(palette.compute), bar(palette.queue)],
  };
}
