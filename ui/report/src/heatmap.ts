// How the latency of all requests spread over time: a column a step, a row a range of latency, the
// darker (on dark: the brighter) the more. Logarithmic colour, so that a handful of slow ones shows.
import type uPlot from 'uplot';
import type { Charts } from './data';
import { heatColour, theme } from './theme';

export function paintHeat(charts: Charts): (plot: uPlot) => void {
  const heat = charts.heat!;
  let most = 1;
  for (let i = 2; i < heat.cells.length; i += 3) most = Math.max(most, heat.cells[i]!);
  return (plot) => {
    const colours = theme();
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (let i = 0; i < heat.cells.length; i += 3) {
      const step = heat.cells[i]!;
      const row = heat.cells[i + 1]!;
      const left = Math.round(plot.valToPos(step * charts.step_s, 'x', true));
      const right = Math.round(plot.valToPos((step + 1) * charts.step_s, 'x', true));
      const bottom = Math.round(plot.valToPos(heat.edges_ms[row]!, 'y', true));
      const top = Math.round(plot.valToPos(heat.edges_ms[row + 1]!, 'y', true));
      const share = most <= 1 ? 1 : Math.log(heat.cells[i + 2]!) / Math.log(most);
      ctx.fillStyle = heatColour(colours, 0.12 + 0.88 * share);
      ctx.fillRect(left, top, Math.max(right - left, 1), Math.max(bottom - top, 1));
    }
    ctx.restore();
  };
}

// The scale beside the title, from one request to the most.
export function heatLegend(charts: Charts): HTMLElement {
  let most = 1;
  const cells = charts.heat!.cells;
  for (let i = 2; i < cells.length; i += 3) most = Math.max(most, cells[i]!);
  const colours = theme();
  const stops = [0.12, 0.34, 0.56, 0.78, 1].map((share) => heatColour(colours, share)).join(',');
  const legend = document.createElement('span');
  legend.className = 'scale';
  legend.innerHTML = `1 <i style="background:linear-gradient(90deg,${stops})"></i> `;
  legend.append(`${most.toLocaleString('en-US')} requests`);
  return legend;
}
