// https://jslib.k6.io/k6-summary: what handleSummary() gets, as text or as JUnit's XML.
const units = { s: [1e3, 's', 2], ms: [1, 'ms', 2], us: [1e-3, 'µs', 2] };

const humanizeTime = (ms, unit) => {
  if (units[unit]) return (ms / units[unit][0]).toFixed(units[unit][2]) + units[unit][1];
  if (ms === 0) return '0s';
  if (ms < 1e-3) return Math.round(ms * 1e6) + 'ns';
  if (ms < 1) return Number((ms * 1e3).toFixed(2)) + 'µs';
  if (ms < 1e3) return Number(ms.toFixed(2)) + 'ms';
  if (ms < 6e4) return Number((ms / 1e3).toFixed(2)) + 's';
  const seconds = Math.round(ms / 1e3);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes}m${seconds % 60}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds % 60}s`;
};
const humanizeBytes = (bytes) => {
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  for (; bytes >= 1e3 && i < names.length - 1; i++) bytes /= 1e3;
  return (i === 0 ? String(bytes) : bytes.toFixed(bytes < 10 ? 1 : 0)) + ' ' + names[i];
};

export function humanizeValue(value, metric, unit) {
  if (metric.type === 'rate') return (Math.trunc(value * 1e4) / 100).toFixed(2) + '%';
  if (metric.contains === 'data') return humanizeBytes(value);
  if (metric.contains === 'time') return humanizeTime(value, unit);
  return String(Number(value.toFixed(6)));
}

const valuesOf = (metric, unit) => {
  const { values } = metric;
  const show = (value) => humanizeValue(value, metric, unit);
  switch (metric.type) {
    case 'counter': return `${show(values.count)} ${metric.contains === 'data' ? humanizeBytes(values.rate) : Number(values.rate.toFixed(6))}/s`;
    case 'gauge': return `${show(values.value)} min=${show(values.min)} max=${show(values.max)}`;
    case 'rate': return `${show(values.rate)} ✓ ${values.passes} ✗ ${values.fails}`;
    default: return Object.entries(values).map(([name, value]) => `${name}=${name === 'count' ? value : show(value)}`).join(' ');
  }
};

export function textSummary(data, { indent = '', enableColors = true } = {}) {
  const color = (code, text) => (enableColors ? `\x1b[${code}m${text}\x1b[0m` : text);
  const lines = [];
  const addGroup = (group, space) => {
    if (group.name) lines.push(`${space}█ ${group.name}`, '');
    const inner = group.name ? space + '  ' : space;
    for (const { name, passes, fails } of group.checks ?? []) {
      if (fails === 0) {
        lines.push(inner + color(32, `✓ ${name}`));
        continue;
      }
      const share = Math.floor((100 * passes) / (passes + fails));
      lines.push(inner + color(31, `✗ ${name}`), inner + color(31, ` ↳  ${share}% — ✓ ${passes} / ✗ ${fails}`));
    }
    if (group.checks?.length > 0) lines.push('');
    for (const one of group.groups ?? []) addGroup(one, inner);
  };
  addGroup(data.root_group ?? {}, indent + '    ');
  const names = Object.keys(data.metrics).sort();
  const shown = (name) => (name.includes('{') ? '  { ' + name.slice(name.indexOf('{') + 1, -1) + ' }' : name);
  const width = Math.max(0, ...names.map((name) => shown(name).length));
  for (const name of names) {
    const metric = data.metrics[name];
    const held = Object.values(metric.thresholds ?? {}).map((one) => one.ok);
    const mark = held.length === 0 ? ' ' : held.every(Boolean) ? color(32, '✓') : color(31, '✗');
    lines.push(`${indent}  ${mark} ${shown(name)}${'.'.repeat(width - shown(name).length + 3)}: ${valuesOf(metric, data.options?.summaryTimeUnit)}`);
  }
  return lines.join('\n') + '\n';
}

const escapeXml = (text) => String(text).replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]);

// Each threshold is a test case.
export function jUnit(data, { name = 'k6 thresholds', classname = 'Unnamed test' } = {}) {
  const cases = [];
  let failures = 0;
  for (const [metricName, metric] of Object.entries(data.metrics))
    for (const [expression, { ok }] of Object.entries(metric.thresholds ?? {})) {
      if (!ok) failures++;
      const failure = ok ? '' : `<failure message="${escapeXml(valuesOf(metric))}" />`;
      cases.push(`<testcase name="${escapeXml(`${metricName} - ${expression}`)}" classname="${escapeXml(classname)}">${failure}</testcase>`);
    }
  return `<?xml version="1.0"?>\n<testsuites tests="${cases.length}" failures="${failures}">\n<testsuite name="${escapeXml(name)}" tests="${cases.length}" failures="${failures}">${cases.map((one) => '\n' + one).join('')}\n</testsuite>\n</testsuites>`;
}
