import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef, type RefObject } from 'react';
import './usable-language.ts';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './latency.css';
import type { ChartColumns } from './chart-points.ts';

/** Colours of the theme, read where the chart stands. */
export interface Palette {
  readonly text: string;
  readonly line: string;
  readonly accent: string;
  readonly bad: string;
  readonly busy: string;
  readonly queue: string;
  readonly compute: string;
  readonly rest: string;
}

interface PlotCanvasProps {
  /** Must stay the same function while nothing but the data changes. */
  readonly makeOptions: (palette: Palette) => Omit<uPlot.Options, 'width' | 'height'>;
  readonly data: ChartColumns;
  readonly height: number;
  readonly plotRef: RefObject<uPlot | null>;
}

/** A chart on a canvas: as wide as its place, in the colours of the theme, redrawn at most once an animation frame. */
export function PlotCanvas(props: PlotCanvasProps) {
  return <Plot key={useComputedColorScheme('light')} {...props} />;
}

function Plot({ makeOptions, data, height, plotRef }: PlotCanvasProps) {
  const box = useRef<HTMLDivElement>(null);
  const newest = useRef(data);
  useEffect(() => {
    newest.current = data;
    const frame = requestAnimationFrame(() => plotRef.current?.setData(data));
    return () => cancelAnimationFrame(frame);
  }, [data, plotRef]);
  useEffect(() => {
    const place = box.current;
    if (place === null) return;
    const size = () => ({ width: Math.max(200, place.clientWidth), height });
    const plot = new uPlot({ ...makeOptions(paletteAt(place)), ...size() }, newest.current, place);
    plotRef.current = plot;
    const observer = new ResizeObserver(() => plot.setSize(size()));
    observer.observe(place);
    return () => {
      observer.disconnect();
      plot.destroy();
      plotRef.current = null;
    };
  }, [makeOptions, height, plotRef]);
  return <div ref={box} className="plot-canvas" style={{ height }} aria-hidden />;
}

function paletteAt(place: HTMLElement): Palette {
  const style = getComputedStyle(place);
  const color = (name: string) => style.getPropertyValue(`--conch-${name}`).trim();
  return {
    text: color('muted'),
    line: color('line'),
    accent: color('accent'),
    bad: color('bad'),
    busy: color('busy'),
    queue: color('queue'),
    compute: color('compute'),
    rest: color('rest'),
  };
}

/** An axis in the theme's colours with a light grid. */
export function plotAxis(palette: Palette, change: uPlot.Axis): uPlot.Axis {
  const font = '11px system-ui, sans-serif';
  return {
    stroke: palette.text,
    font,
    labelFont: font,
    grid: { stroke: palette.line, width: 1 },
    ticks: { stroke: palette.line, width: 1, size: 4 },
    ...change,
  };
}
