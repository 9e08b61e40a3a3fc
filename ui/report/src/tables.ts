// The page's tables and lists. Text only ever enters as text nodes: names come from targets.
import type { MetricLine, PageData, Report, RequestRow, ServiceRow } from './data';
import { bytes, count, milliseconds, percent, rate } from './format';

type Child = Node | string | null;

export function element(tag: string, className = '', ...children: Child[]): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const child of children) if (child !== null) made.append(child);
  return made;
}

export function section(title: string, hint: string, ...children: Child[]): HTMLElement {
  const head = element('h2', '', title);
  if (hint) head.append(element('small', '', hint));
  return element('section', '', head, ...children);
}

interface Column<Row> {
  head: string;
  cell: (row: Row) => Child;
  number?: boolean;
}

export function table<Row>(columns: Column<Row>[], rows: Row[], strongLast = false): HTMLElement {
  const head = element('tr');
  for (const column of columns) {
    const cell = element('th', column.number ? 'number' : '', column.head);
    cell.setAttribute('scope', 'col');
    head.append(cell);
  }
  const body = element('tbody');
  rows.forEach((row, index) => {
    const line = element('tr', strongLast && index === rows.length - 1 ? 'total' : '');
    for (const column of columns)
      line.append(element('td', column.number ? 'number' : '', column.cell(row)));
    body.append(line);
  });
  return element('div', 'scroll', element('table', '', element('thead', '', head), body));
}

export function thresholds(report: Report): HTMLElement | null {
  if (!report.thresholds.length) return null;
  const list = element('ul', 'verdicts');
  for (const one of report.thresholds) {
    const measured = one.measured_text || 'no samples';
    list.append(
      element('li', one.passed ? 'good' : 'bad',
        element('b', 'mark', one.passed ? '✓' : '✗'),
        element('span', 'what', element('code', '', one.selector), ' ', element('code', 'soft', one.expression)),
        element('span', 'measured', measured, one.aborted_run ? ' · ended the run' : '')),
    );
  }
  return section('Thresholds', '', list);
}

export function checks(report: Report): HTMLElement | null {
  if (!report.checks.length) return null;
  let passes = 0;
  let total = 0;
  const list = element('ul', 'verdicts');
  for (const one of report.checks) {
    passes += one.passes;
    total += one.passes + one.fails;
    const failed = one.fails
      ? `${count(one.fails)} of ${count(one.passes + one.fails)} failed (${percent(one.fails / (one.passes + one.fails))})`
      : `${count(one.passes)} passed`;
    const group = one.group ? element('span', 'soft', `${one.group.slice(2).replace(/::/g, ' › ')} › `) : null;
    list.append(
      element('li', one.fails ? 'bad' : 'good',
        element('b', 'mark', one.fails ? '✗' : '✓'),
        element('span', 'what', group, one.name),
        element('span', 'measured', failed)),
    );
  }
  return section('Checks', `${count(passes)} of ${count(total)} passed`, list);
}

export function requests(report: Report): HTMLElement | null {
  const whole = report.all_requests;
  if (!whole) return null;
  const rows: RequestRow[] = [...report.requests];
  if (rows.length !== 1) rows.push(whole);
  const most = Math.max(...rows.map((row) => row.latency_ms.p99), 1e-9);
  const bar = (row: RequestRow): HTMLElement => {
    const made = element('span', 'bar');
    made.title = `p50 ${milliseconds(row.latency_ms.p50)}, p95 ${milliseconds(row.latency_ms.p95)}, p99 ${milliseconds(row.latency_ms.p99)}`;
    for (const [name, value] of [['p99', row.latency_ms.p99], ['p95', row.latency_ms.p95], ['p50', row.latency_ms.p50]] as const) {
      const part = element('i', name);
      part.style.width = `${Math.max((100 * value) / most, 1)}%`;
      made.append(part);
    }
    return made;
  };
  const value = (pick: (row: RequestRow) => number) => (row: RequestRow) => milliseconds(pick(row));
  const made = table<RequestRow>(
    [
      { head: 'Request', cell: (row) => element('span', 'name', row.name) },
      { head: 'p50 · p95 · p99', cell: bar },
      { head: 'Count', number: true, cell: (row) => count(row.latency_ms.count) },
      { head: '/s', number: true, cell: (row) => rate(row.rate) },
      { head: 'p50', number: true, cell: value((row) => row.latency_ms.p50) },
      { head: 'p90', number: true, cell: value((row) => row.latency_ms.p90) },
      { head: 'p95', number: true, cell: value((row) => row.latency_ms.p95) },
      { head: 'p99', number: true, cell: value((row) => row.latency_ms.p99) },
      { head: 'Max', number: true, cell: value((row) => row.latency_ms.max) },
      { head: 'Errors', number: true,
        cell: (row) => element('span', row.failed ? 'bad' : 'soft', row.failed ? percent(row.failed_share) : '0') },
    ],
    rows, rows.length > 1);
  const hint = report.run.warm_up_ms > 0 ? `after ${milliseconds(report.run.warm_up_ms)} of warm-up` : '';
  const sure = intervals(whole);
  return section('Requests', hint, made, sure);
}

function intervals(whole: RequestRow): HTMLElement | null {
  const all = whole.interval_95_ms;
  if (!all) return null;
  const parts = (['p50', 'p90', 'p95', 'p99'] as const)
    .filter((name) => all[name])
    .map((name) => `${name} ${milliseconds(all[name]![0])} to ${milliseconds(all[name]![1])}`);
  return element('p', 'foot', `95 % sure, over the seconds of this run: ${parts.join(' · ')}`);
}

export function errors(report: Report): HTMLElement | null {
  if (!report.errors.length) return null;
  return section('Errors', '', table(
    [
      { head: 'Count', number: true, cell: (row) => element('span', 'bad', count(row.count)) },
      { head: 'Cause', cell: (row) => row.words },
      { head: 'Request', cell: (row) => element('span', 'name', row.request) },
      { head: 'Code', cell: (row) => element('span', 'soft', row.code) },
    ],
    report.errors));
}

export function services(report: Report): HTMLElement | null {
  if (!report.services.length) return null;
  const { host } = report;
  const waits = host
    ? ([['a core', host.pressure_cpu], ['memory', host.pressure_memory], ['storage', host.pressure_io]] as const)
        .filter(([, share]) => share !== null).map(([what, share]) => `${what} ${percent(share!)}`)
    : [];
  const sentence = host
    ? `The machine used ${host.cpu_cores_mean.toFixed(2)} of ${report.run.environment.cores} cores (at most ${host.cpu_cores_max.toFixed(2)})${waits.length ? `; somebody waited for ${waits.join(', for ')} of the time` : ''}.`
    : null;
  return section('Services', 'their processes, sampled each second', table<ServiceRow>([
    { head: 'service', cell: (row) => row.name },
    { head: 'CPU cores', number: true, cell: (row) => row.cpu_cores_mean.toFixed(2) },
    { head: 'max', number: true, cell: (row) => row.cpu_cores_max.toFixed(2) },
    { head: 'in the kernel', number: true, cell: (row) => row.cpu_system_cores_mean.toFixed(2) },
    { head: 'memory max', number: true, cell: (row) => bytes(row.rss_bytes_max) },
    { head: 'descriptors max', number: true, cell: (row) => count(row.descriptors_max) },
    { head: 'processes', number: true, cell: (row) => count(row.processes_max) },
    { head: 'threads', number: true, cell: (row) => count(row.threads_max) },
    { head: 'waits /s', number: true, cell: (row) => count(row.switches_voluntary_rate) },
    { head: 'preempted /s', number: true, cell: (row) => count(row.switches_involuntary_rate) },
    { head: 'read', number: true, cell: (row) => bytes(row.disk_read_bytes) },
    { head: 'written', number: true, cell: (row) => bytes(row.disk_written_bytes) },
  ], report.services), sentence ? element('p', 'foot', sentence) : null);
}

export function scenarios(report: Report): HTMLElement | null {
  if (!report.scenarios.length) return null;
  return section('Scenarios', '', table(
    [
      { head: 'Scenario', cell: (row) => element('b', '', row.name) },
      { head: 'Executor', cell: (row) => `${row.executor}${row.description ? `: ${row.description}` : ''}` },
      { head: 'VUs', number: true, cell: (row) => count(row.vus_max) },
      { head: 'Completed', number: true, cell: (row) => count(row.iterations_completed) },
      { head: 'Interrupted', number: true, cell: (row) => count(row.iterations_interrupted) },
      { head: 'Dropped', number: true,
        cell: (row) => element('span', row.iterations_dropped ? 'bad' : '', count(row.iterations_dropped)) },
      { head: 'Late', number: true, cell: (row) => count(row.iterations_late) },
    ],
    report.scenarios));
}

function metricValues(line: MetricLine, seconds: number): string {
  const show = (value: number | undefined) =>
    line.contains === 'time' ? milliseconds(value) : line.contains === 'data' ? bytes(value) : rate(value);
  const v = line.values;
  if (line.kind === 'counter')
    return `${line.contains === 'default' ? count(v.sum) : show(v.sum)} · ${show((v.sum ?? 0) / seconds)}/s`;
  if (line.kind === 'gauge') return `${show(v.last)} · min ${show(v.min)} · max ${show(v.max)}`;
  if (line.kind === 'rate') return `${percent(v.share ?? 0)} · ${count(v.hits)} of ${count(v.count)}`;
  return `avg ${show(v.avg)} · min ${show(v.min)} · p50 ${show(v.p50)} · p90 ${show(v.p90)} · p95 ${show(v.p95)} · p99 ${show(v.p99)} · max ${show(v.max)}`;
}

function details(title: string, ...children: Child[]): HTMLElement {
  return element('details', '', element('summary', '', title), ...children);
}

export function appendix(data: PageData): HTMLElement {
  const { report } = data;
  const seconds = Math.max(report.window_s[1] - report.window_s[0], 1);
  const made = section('Behind the figures', '');
  made.append(details(`All metrics (${report.metrics.length})`, table(
    [
      { head: 'Metric', cell: (row) => element('code', '', row.name) },
      { head: 'Values', cell: (row) => metricValues(row, seconds) },
    ],
    report.metrics)));
  const env = report.run.environment;
  const facts: [string, string][] = [
    ['Run', report.run.id], ['Started', report.run.started], ['Ended', report.run.ended ?? '–'],
    ['Command', `brunt ${report.run.arguments.join(' ')}`], ['Host', `${env.host}, ${env.cores} cores, Linux ${env.kernel}`],
    ['Backend', env.backend], ['brunt', env.brunt], ['Seed', report.run.seed],
    ['Time scale', String(report.run.time_scale)], ['Exit code', String(report.run.exit_code)],
  ];
  made.append(details('Environment', table(
    [
      { head: '', cell: (row: [string, string]) => element('span', 'soft', row[0]) },
      { head: '', cell: (row: [string, string]) => element('code', '', row[1]) },
    ],
    facts)));
  if (report.subjects.length)
    made.append(details(`Per subject (${report.subjects.length})`, table(
      [
        { head: 'Subject', cell: (row) => row.subject },
        { head: 'Metric', cell: (row) => element('code', '', row.metric) },
        { head: 'Value', number: true, cell: (row) => String(row.value) },
      ],
      report.subjects.slice(0, 500))));
  if (data.plan_text) made.append(details('The plan', element('pre', '', data.plan_text)));
  if (data.logs.length)
    made.append(details(`Log (${count(data.log_lines)} lines${data.log_lines > data.logs.length ? ', the first 500' : ''})`, table(
      [
        { head: 'Time', cell: (row) => element('code', '', row.time) },
        { head: 'Event', cell: (row) => `${row.event} ${row.stage}` },
        { head: 'Client', cell: (row) => row.client_id },
        { head: 'Log id', cell: (row) => row.log_id },
        { head: 'Error', cell: (row) => element('span', 'bad', row.error) },
      ],
      data.logs)));
  return made;
}
