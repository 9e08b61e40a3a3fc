// The global Date: reads dates in words and with a blank before the time, which the engine's does not, and writes them for people as k6 does.
() => {
  const NativeDate = globalThis.__brunt_date;
  const parse = (given) => {
    const text = String(given);
    const time = NativeDate.parse(text);
    if (!Number.isNaN(time)) return time;
    const iso = text.replace(/^(\d{4}-\d\d-\d\d) +(\d\d:\d\d)/, '$1T$2');
    if (iso !== text) return NativeDate.parse(iso);
    const words = /^(?:[a-z]+,? +)?([a-z]{3})[a-z]* +(\d{1,2}),? +(\d{4})(?:,? +(\d\d?):(\d\d)(?::(\d\d))?)?$/i.exec(text);
    const month = words && 'janfebmaraprmayjunjulaugsepoctnovdec'.indexOf(words[1].toLowerCase()) / 3;
    if (!Number.isInteger(month) || month < 0) return NaN;
    return new NativeDate(words[3], month, words[2], words[4] ?? 0, words[5] ?? 0, words[6] ?? 0).getTime();
  };
  function Date(...given) {
    if (new.target === undefined) return NativeDate();
    return Reflect.construct(NativeDate, given.length === 1 && typeof given[0] === 'string' ? [parse(given[0])] : given, new.target);
  }
  for (const [name, value] of Object.entries({ length: 7, prototype: NativeDate.prototype, now: NativeDate.now, UTC: NativeDate.UTC, parse }))
    Object.defineProperty(Date, name, { value, writable: name !== 'length', configurable: name !== 'prototype' });
  Object.defineProperty(NativeDate.prototype, 'constructor', { value: Date, writable: true, configurable: true });
  const two = (n) => String(n).padStart(2, '0');
  const day = (date) => `${two(date.getMonth() + 1)}/${two(date.getDate())}/${date.getFullYear()}`;
  const clock = (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const written = { toLocaleDateString: day, toLocaleTimeString: clock, toLocaleString: (date) => `${day(date)}, ${clock(date)}` };
  for (const [name, write] of Object.entries(written))
    NativeDate.prototype[name] = function () { return Number.isNaN(this.getTime()) ? 'Invalid Date' : write(this); };
  return { Date };
}
