// Charts over time: uPlot with what all of them share: bands, a common cursor and zoom, a legend
// that shows the values under the cursor.
import uPlot from 'uplot';
import type { Band, Values } from './data';
import { clock } from './format';
import { theme } from './theme';

export interface Line {
  label: string;
  colour: string;
  values: Values;
  fill?: string;
  width?: number;
  dash?: number[];
}
export interface TimeChart {
  title: string;
  hint?: string;
  lines: Line[];
  format: (value: number) => string;
  axis?: (value: number) => string;
  log?: boolean;
  height?: number;
  // Draws below the lines, e.g. a heat map; y has its own range then.
  paint?: (plot: uPlot) => void;
  range?: [number, number];
  wide?: boolean;
}

const all: uPlot[] = [];
const cursors = uPlot.sync('time');
let zooming = false;

// Dragging in one chart zooms all; a double click shows everything again.
function zoomAll(from: uPlot): void {
  if (zooming) return;
  const { min, max } = from.scales.x!;
  if (min === undefined || max === undefined || min === null || max === null) return;
  zooming = true;
  for (const plot of all) if (plot !== from) plot.setScale('x', { min, max });
  zooming = false;
}

function drawBands(plot: uPlot, bands: Band[]): void {
  const colours = theme();
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const band of bands) {
    const from = plot.valToPos(band.from_ms / 1000, 'x', true);
    const to = plot.valToPos(band.to_ms / 1000, 'x', true);
    const instant = band.to_ms <= band.from_ms || band.kind === 'stage';
    if (!instant) {
      ctx.fillStyle = band.kind === 'fault' ? 'rgba(200,55,45,0.13)' : colours.band;
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
    }
    ctx.strokeStyle = colours.bandEdge;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const x of instant ? [from] : [to]) {
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
  }
  ctx.restore();
}

export function bandName(band: Band): string {
  return band.text || band.kind.replace(/_/g, ' ');
}

// A fault's own name, without what it did.
function shortBandName(band: Band): string {
  return bandName(band).split(':')[0]!;
}

// Where the names of bands begin on the canvas; those that would run into each other are left out.
function placed(plot: uPlot, bands: Band[], name: (band: Band) => string): { text: string; x: number }[] {
  const { ctx, bbox } = plot;
  const places: { text: string; x: number }[] = [];
  let free = bbox.left;
  for (const band of bands) {
    const x = Math.max(plot.valToPos(band.from_ms / 1000, 'x', true), bbox.left) + 3 * devicePixelRatio;
    const text = name(band);
    const width = ctx.measureText(text).width;
    if (x < free || x + width > bbox.left + bbox.width) continue;
    places.push({ text, x });
    free = x + width + 8 * devicePixelRatio;
  }
  return places;
}

// Labels on top: whole where all have room, else all of them short.
function drawBandNames(plot: uPlot, bands: Band[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
  ctx.clip();
  ctx.font = `${10.5 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = theme().faint;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  const whole = placed(plot, bands, bandName);
  const names = whole.length === bands.length ? whole : placed(plot, bands, shortBandName);
  for (const { text, x } of names) ctx.fillText(text, x, bbox.top - 2 * devicePixelRatio);
  ctx.restore();
}

export function logSplits(_plot: uPlot, _axis: number, min: number, max: number): number[] {
  const splits: number[] = [];
  const decades = Math.log10(max / min);
  const steps = decades > 3 ? [1] : decades > 1.4 ? [1, 3] : [1, 2, 5];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); ++power)
    for (const step of steps) splits.push(step * 10 ** power);
  return splits.filter((split) => split >= min * 0.999 && split <= max * 1.001);
}

export const filledMarkers: uPlot.Legend = {
  markers: {
    width: 0,
    fill: (plot, series) => (plot.series[series]!.stroke as () => string)(),
  },
};

export interface Axes {
  times: number[];
  bands: Band[];
}

export function timeChart(into: HTMLElement, chart: TimeChart, axes: Axes): void {
  const colours = theme();
  const card = document.createElement('figure');
  card.className = chart.wide ? 'chart wide' : 'chart';
  const caption = document.createElement('figcaption');
  caption.textContent = chart.title;
  if (chart.hint) {
    const hint = document.createElement('small');
    hint.textContent = chart.hint;
    caption.append(hint);
  }
  card.append(caption);
  const holder = document.createElement('div');
  card.append(holder);
  into.append(card);

  const axisStyle = {
    stroke: colours.faint,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.grid, width: 1, size: 4 },
    font: '11px system-ui, sans-serif',
  };
  const height = chart.height ?? 230;
  const options: uPlot.Options = {
    width: Math.max(holder.clientWidth, 280),
    height,
    padding: [16, 12, 0, 0],
    cursor: { sync: { key: cursors.key }, drag: { x: true, y: false }, points: { size: 6 } },
    scales: {
      x: { time: false },
      y: chart.range
        ? { distr: chart.log ? 3 : 1, range: () => chart.range! }
        : chart.log
          ? { distr: 3 }
          : { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      { ...axisStyle, size: 28, values: (_plot, splits) => splits.map(clock), space: 70 },
      {
        ...axisStyle,
        size: 62,
        space: 34,
        ...(chart.log ? { splits: logSplits, filter: (_: uPlot, splits: number[]) => splits } : {}),
        values: (_plot, splits) => splits.map((split) => (chart.axis ?? chart.format)(split)),
      },
    ],
    legend: filledMarkers,
    series: [
      { label: 'at', value: (_plot, value) => (value === null ? '' : clock(value)) },
      ...chart.lines.map((line) => ({
        label: line.label,
        stroke: line.colour,
        width: line.width ?? 1.6,
        ...(line.fill ? { fill: line.fill } : {}),
        ...(line.dash ? { dash: line.dash } : {}),
        points: { show: axes.times.length < 3 },
        value: (_plot: uPlot, value: number | null) => (value === null ? '' : chart.format(value)),
      })),
    ],
    hooks: {
      drawClear: [(plot) => drawBands(plot, axes.bands)],
      drawAxes: [(plot) => chart.paint?.(plot)],
      draw: [(plot) => drawBandNames(plot, axes.bands)],
      setScale: [(plot, key) => { if (key === 'x') zoomAll(plot); }],
    },
  };
  // A logarithmic axis has no zero.
  const tidy = (values: Values): Values =>
    chart.log ? values.map((value) => (value !== null && value <= 0 ? null : value)) : values;
  const plot = new uPlot(
    options,
    [axes.times, ...chart.lines.map((line) => tidy(line.values))] as uPlot.AlignedData,
    holder,
  );
  all.push(plot);
  new ResizeObserver(() => {
    const width = holder.clientWidth;
    if (width > 0 && Math.abs(width - plot.width) > 1) plot.setSize({ width, height });
  }).observe(holder);
}

export function forgetCharts(): void {
  for (const plot of all) plot.destroy();
  all.length = 0;
}
