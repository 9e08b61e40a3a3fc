// The percentile curve: which latency what share of requests stayed below. 90 %, 99 %, 99.9 % are
// evenly apart, so the tail, which users feel, gets room.
import uPlot from 'uplot';
import { filledMarkers, logSplits } from './charts';
import type { Charts, Curve } from './data';
import { milliseconds, shortMilliseconds } from './format';
import { theme } from './theme';

function percentName(x: number): string {
  const share = 100 * (1 - 10 ** -x);
  const nines = Math.max(0, Math.ceil(x) - 1);
  return `${+share.toFixed(Math.max(nines, x < 1 ? 0 : 1))} %`;
}

// One curve's value at another's x, between its points.
function at(curve: Curve, x: number): number | null {
  const { x: xs, ms } = curve;
  if (x > xs[xs.length - 1]! + 1e-9) return null;
  let i = 1;
  while (i < xs.length - 1 && xs[i]! < x) ++i;
  const part = (x - xs[i - 1]!) / (xs[i]! - xs[i - 1]! || 1);
  return ms[i - 1]! + (ms[i]! - ms[i - 1]!) * Math.min(Math.max(part, 0), 1);
}

export function curveChart(into: HTMLElement, charts: Charts, censored: boolean): uPlot | null {
  const service = charts.curve_service;
  const response = charts.curve_response;
  const base = response && service
    ? (response.x[response.x.length - 1]! > service.x[service.x.length - 1]! ? response : service)
    : (response ?? service);
  if (!base) return null;
  const colours = theme();
  const card = document.createElement('figure');
  card.className = 'chart';
  card.innerHTML = '<figcaption>Percentiles<small>how slow the slowest share was</small></figcaption><div></div>';
  const holder = card.lastElementChild as HTMLElement;
  into.append(card);

  const curves: { label: string; colour: string; curve: Curve }[] = [];
  if (response)
    curves.push({ label: censored ? 'response ≥' : 'response', colour: colours.orange, curve: response });
  if (service)
    curves.push({ label: response ? 'service' : 'latency', colour: colours.blue, curve: service });
  const all = curves.flatMap(({ curve }) => curve.ms).filter((value) => value > 0);
  const log = Math.max(...all) / Math.min(...all) > 30;
  const marks = [0.30103, 1, 2, 3, 4, 5, 6, 7, 8];
  const axis = {
    stroke: colours.faint,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.grid, width: 1, size: 4 },
    font: '11px system-ui, sans-serif',
  };
  const plot = new uPlot(
    {
      width: Math.max(holder.clientWidth, 280),
      height: 230,
      padding: [16, 12, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: false },
        y: log ? { distr: 3 } : { range: (_p, _min, max) => [0, max * 1.08] },
      },
      axes: [
        { ...axis, size: 28, space: 40, splits: () => marks.filter((m) => m <= base.x[base.x.length - 1]!),
          values: (_p, splits) => splits.map(percentName) },
        { ...axis, size: 62, space: 34,
          ...(log ? { splits: logSplits, filter: (_: uPlot, splits: number[]) => splits } : {}), values: (_p, splits) => splits.map((v) => (v ? shortMilliseconds(v) : '0')) },
      ],
      legend: filledMarkers,
      series: [
        { label: 'share', value: (_p, value) => (value === null ? '' : percentName(value)) },
        ...curves.map(({ label, colour }) => ({
          label, stroke: colour, width: 2, points: { show: false },
          value: (_p: uPlot, value: number | null) => (value === null ? '' : milliseconds(value)),
        })),
      ],
    },
    [base.x, ...curves.map(({ curve }) => base.x.map((x) => at(curve, x)))] as uPlot.AlignedData,
    holder,
  );
  new ResizeObserver(() => {
    if (holder.clientWidth > 0 && Math.abs(holder.clientWidth - plot.width) > 1)
      plot.setSize({ width: holder.clientWidth, height: 230 });
  }).observe(holder);
  return plot;
}
