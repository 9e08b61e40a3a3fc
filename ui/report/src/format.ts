// Figures as people read them; the same units and digits as in the terminal.

function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

export function milliseconds(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  const size = Math.abs(ms);
  if (size === 0) return '0';
  if (size < 0.9995e-3) return `${(ms * 1e6).toFixed(0)} ns`;
  if (size < 0.9995) return `${digits(ms * 1e3)} µs`;
  if (size < 999.5) return `${digits(ms)} ms`;
  if (size < 59950) return `${digits(ms / 1e3)} s`;
  const total = Math.round(ms / 1e3);
  const minutes = Math.floor(total / 60);
  const seconds = String(total % 60).padStart(2, '0');
  if (minutes < 60) return `${minutes} m ${seconds} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} m`;
}

// An interval; the unit once where both ends have the same.
export function span(low: number, high: number): string {
  const [from, unit] = milliseconds(low).split(' ');
  const to = milliseconds(high);
  return to.endsWith(` ${unit}`) ? `${from} – ${to}` : `${milliseconds(low)} – ${to}`;
}

// For axes: no more digits than needed.
export function shortMilliseconds(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 1e-3) return `${+(ms * 1e6).toPrecision(3)} ns`;
  if (ms < 1) return `${+(ms * 1e3).toPrecision(3)} µs`;
  if (ms < 1000) return `${+ms.toPrecision(3)} ms`;
  return `${+(ms / 1000).toPrecision(3)} s`;
}

export function count(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (Math.abs(value) >= 1e7) return `${digits(value / 1e6)} M`;
  return Math.round(value).toLocaleString('en-US');
}

export function rate(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value < 100 ? String(+value.toPrecision(3)) : count(value);
}

export function percent(share: number): string {
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  return `${value.toFixed(Math.abs(value) < 0.1 ? 3 : 2)} %`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  let power = 0;
  while (Math.abs(value) >= 999.5 && power + 1 < names.length) {
    value /= 1000;
    ++power;
  }
  return `${power === 0 ? value.toFixed(0) : +value.toPrecision(3)} ${names[power]}`;
}

// Seconds after the start: 12 s, 1:05, 2:00:30.
export function clock(seconds: number): string {
  const whole = Math.round(seconds * 10) / 10;
  if (whole < 60) return `${whole} s`;
  const total = Math.round(whole);
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(total / 3600);
  const rest = `${hours ? two(Math.floor(total / 60) % 60) : Math.floor(total / 60)}:${two(total % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}
