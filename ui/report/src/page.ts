// Builds the page of one run from the data that stands in it.
import './style.css';
import { curveChart } from './curve';
import { bandName, forgetCharts, timeChart, type Axes } from './charts';
import type { PageData, Percentiles } from './data';
import { bytes, count, milliseconds, percent, rate, shortMilliseconds, span } from './format';
import { heatLegend, paintHeat } from './heatmap';
import { appendix, checks, element, errors, requests, scenarios, section, services as serviceTable, thresholds } from './tables';
import { onThemeChange, theme, type Theme } from './theme';

const data = JSON.parse(document.getElementById('run-data')!.textContent!) as PageData;
const { report, charts } = data;

const looks: Record<string, [string, string]> = {
  'passed': ['good', '✓'], 'finished': ['running', '✓'], 'failed': ['bad', '✗'], 'not valid': ['caution', '!'],
  'interrupted': ['caution', '!'], 'running': ['running', '…'],
};

function header(): HTMLElement {
  const { run } = report;
  // The sentence may begin with the outcome, which stands above it already.
  const words = run.verdict.startsWith(`${run.outcome}: `) ? run.verdict.slice(run.outcome.length + 2) : run.verdict;
  const [look, sign] = looks[run.outcome] ?? ['caution', '?'];
  const env = run.environment;
  const facts = [
    run.id, run.started.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'), milliseconds(run.duration_ms),
    `${env.host}, ${env.cores} core${env.cores === 1 ? '' : 's'}, ${env.backend}`,
  ];
  if (run.time_scale !== 1) facts.push(`time scale ${run.time_scale}`);
  const head = element('header', '',
    element('p', 'brand', element('b', '', 'brunt'), ' run report'),
    element('h1', '', run.plan),
    element('p', 'facts', facts.join(' · ')),
    element('div', `verdict ${look}`,
      element('span', 'sign', sign),
      element('div', '', element('strong', '', run.outcome), element('p', '', words))));
  for (const note of report.notes) head.append(element('p', 'note', note));
  return head;
}

function tile(label: string, value: string, detail = '', look = ''): HTMLElement {
  return element('div', `tile ${look}`, element('span', 'label', label),
    element('b', '', value), element('small', '', detail));
}

function tiles(): HTMLElement | null {
  const whole = report.all_requests;
  if (!whole) return null;
  const made = element('div', 'tiles');
  const sure = (name: 'p50' | 'p95' | 'p99') => {
    const interval = whole.interval_95_ms?.[name];
    return interval ? span(interval[0], interval[1]) : '';
  };
  const latency = whole.latency_ms;
  made.append(
    tile('Requests', count(latency.count), `${rate(whole.rate)} per second`),
    tile('p50', milliseconds(latency.p50), sure('p50')),
    tile('p95', milliseconds(latency.p95), sure('p95')),
    tile('p99', milliseconds(latency.p99), sure('p99')),
    tile('Slowest', milliseconds(latency.max)),
    tile('Errors', percent(whole.failed_share), `${count(whole.failed)} requests`, whole.failed ? 'bad' : ''));
  const arrivals = report.arrivals;
  if (arrivals) {
    const sign = arrivals.censored ? '≥' : '';
    made.append(tile('Response p95', sign + milliseconds(arrivals.response_ms.p95), 'from the planned instant'));
    if (arrivals.dropped)
      made.append(tile('Dropped', percent(arrivals.dropped_share), `${count(arrivals.dropped)} of ${count(arrivals.planned)} arrivals`, 'bad'));
  }
  return made;
}

function percentileLines(from: Percentiles, colours: Theme) {
  return [
    { label: 'p50', colour: colours.ranks[0], values: from.p50 },
    { label: 'p90', colour: colours.ranks[1], values: from.p90 },
    { label: 'p95', colour: colours.ranks[2], values: from.p95 },
    { label: 'p99', colour: colours.ranks[3], values: from.p99 },
    { label: 'max', colour: colours.ranks[4], values: from.max, width: 1, dash: [4, 3] },
  ];
}

// A logarithmic axis where the slowest is far from the median: both must be legible.
function wantsLog(from: Percentiles): boolean {
  const values = (list: (number | null)[]) => list.filter((value): value is number => value !== null && value > 0);
  const middle = values(from.p50).sort((a, b) => a - b);
  const most = Math.max(...values(from.max), 0);
  return middle.length > 0 && most / middle[Math.floor(middle.length / 2)]! > 25;
}

function has(values: (number | null)[] | undefined): boolean {
  return values !== undefined && values.some((value) => value !== null && value > 0);
}

function drawCharts(into: HTMLElement): void {
  const colours = theme();
  const fill = (colour: string) => `${colour}22`;
  const axes: Axes = {
    times: Array.from({ length: charts.steps }, (_, i) => i * charts.step_s),
    bands: [...report.events].sort((a, b) => a.from_ms - b.from_ms),
  };
  const every = charts.step_s > 1 ? `each point ${charts.step_s} s` : '';
  timeChart(into, {
    title: 'Requests per second', hint: every, format: rate,
    lines: [
      { label: 'requests', colour: colours.blue, values: charts.rate, fill: fill(colours.blue) },
      ...(has(charts.failed) ? [{ label: 'failed', colour: colours.red, values: charts.failed, fill: fill(colours.red) }] : []),
    ],
  }, axes);
  timeChart(into, {
    title: charts.response ? 'Service time' : 'Latency', hint: charts.response ? 'from the actual send' : '',
    format: milliseconds, axis: shortMilliseconds, log: wantsLog(charts.latency),
    lines: percentileLines(charts.latency, colours),
  }, axes);
  if (charts.response)
    timeChart(into, {
      title: 'Response time', hint: 'from the planned instant', format: milliseconds, axis: shortMilliseconds,
      log: wantsLog(charts.response), lines: percentileLines(charts.response, colours),
    }, axes);
  const curve = curveChart(into, charts, report.arrivals?.censored ?? false);
  if (curve) curves.push(curve);
  if (charts.heat) {
    timeChart(into, {
      title: charts.heat_is === 'response' ? 'Where the response times lie' : 'Where the service times lie', hint: 'all requests, each second', format: milliseconds, axis: shortMilliseconds, log: true, wide: true, height: 290,
      range: [charts.heat.edges_ms[0]!, charts.heat.edges_ms[charts.heat.edges_ms.length - 1]!],
      paint: paintHeat(charts),
      lines: [{ label: 'p95', colour: colours.orange, values: (charts.response ?? charts.latency).p95, width: 1.4 }],
    }, axes);
    into.lastElementChild!.firstElementChild!.append(heatLegend(charts));
  }
  if (has(charts.vus))
    timeChart(into, {
      title: 'Virtual users', format: count,
      lines: [
        { label: 'VUs', colour: colours.purple, values: charts.vus!, fill: fill(colours.purple) },
        ...(charts.vus_max ? [{ label: 'allocated', colour: colours.faint, values: charts.vus_max, width: 1, dash: [4, 3] }] : []),
      ],
    }, axes);
  if (has(charts.iterations))
    timeChart(into, {
      title: 'Iterations per second', format: rate,
      lines: [
        { label: 'completed', colour: colours.green, values: charts.iterations },
        ...(has(charts.dropped) ? [{ label: 'dropped', colour: colours.red, values: charts.dropped, fill: fill(colours.red) }] : []),
      ],
    }, axes);
  if (has(charts.received) || has(charts.sent))
    timeChart(into, {
      title: 'Bytes per second', format: bytes,
      lines: [
        { label: 'received', colour: colours.blue, values: charts.received },
        { label: 'sent', colour: colours.orange, values: charts.sent },
      ],
    }, axes);
  const services = charts.services ?? [];
  const wheel = [colours.blue, colours.orange, colours.green, colours.purple, colours.red, ...colours.ranks];
  const serviceLines = (values: (one: (typeof services)[number]) => (number | null)[]) =>
    services.map((one, i) => ({ label: one.name, colour: wheel[i % wheel.length]!, values: values(one) }));
  if (services.length) {
    timeChart(into, {
      title: 'CPU of the services', hint: 'cores in use', format: (value) => value.toFixed(2),
      lines: serviceLines((one) => one.cpu_cores),
    }, axes);
    timeChart(into, { title: 'Memory of the services', hint: 'resident', format: bytes, lines: serviceLines((one) => one.rss) }, axes);
  }
  if (charts.generator)
    timeChart(into, {
      title: 'The generator itself', hint: 'CPU cores in use', format: (value) => value.toFixed(2),
      lines: [{ label: 'cores', colour: colours.green, values: charts.generator.cpu_cores, fill: fill(colours.green) }],
    }, axes);
}

function ownDelay(most: number): string {
  return most > 0 ? `at most ${milliseconds(most)}` : 'none that matters';
}

function generatorSentence(): HTMLElement | null {
  const health = report.generator;
  if (!health) return null;
  const parts = [
    `The generator used ${health.cpu_cores_mean.toFixed(2)} of ${report.run.environment.cores} cores (at most ${health.cpu_cores_max.toFixed(2)}; its busiest thread ${percent(health.busiest_thread_max)})`,
    `the longest turn of a loop took ${milliseconds(health.loop_lag_max_ms)}`,
  ];
  if (health.schedule_slip_ms)
    parts.push(`starts were late by p50 ${milliseconds(health.schedule_slip_ms.p50)}, p99 ${milliseconds(health.schedule_slip_ms.p99)}, at most ${milliseconds(health.schedule_slip_ms.max)} (by the generator's own doing ${ownDelay(health.own_delay_max_ms)})`);
  return element('p', 'foot', `${parts.join('; ')}.`);
}

// Drawn when the report was written; its scripts run when they enter the page.
function profiles(): HTMLElement | null {
  const drawn = document.getElementById('profiles') as HTMLTemplateElement | null;
  if (!drawn) return null;
  return section('Where the CPU time went', 'a box is a function, as wide as its share; click to widen, the lowest for all',
    document.importNode(drawn.content, true));
}

const curves: { destroy(): void }[] = [];
const page = document.getElementById('page')!;
const grid = element('div', 'charts');

function bandsSentence(): string {
  const shaded = report.events.filter((band) => band.to_ms > band.from_ms && band.kind !== 'stage');
  const names = [...new Set(shaded.map(bandName))];
  return `drag to zoom, double click for all${names.length ? `; shaded: ${names.slice(0, 4).join(', ')}` : ''}`;
}

page.replaceChildren();
const chartSection = section('Over time', bandsSentence(), grid, generatorSentence());
const judged = element('div', 'pair');
for (const part of [thresholds(report), checks(report)]) if (part) judged.append(part);
for (const part of [header(), tiles(), judged.childElementCount ? judged : null, chartSection, requests(report),
  errors(report), serviceTable(report), profiles(), scenarios(report), appendix(data)])
  if (part) page.append(part);
page.append(element('footer', '', `Made by brunt ${report.run.environment.brunt}. Charts: uPlot.`));
drawCharts(grid);

onThemeChange(() => {
  forgetCharts();
  for (const curve of curves.splice(0)) curve.destroy();
  grid.replaceChildren();
  drawCharts(grid);
});
