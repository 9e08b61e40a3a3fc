// How console.log() shows what is no text: as k6's does.
() => {
  const bytesOf = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const list = (items) => (items.length === 0 ? '[]' : `[ ${items.join(', ')} ]`);
  const date = (value) => (Number.isNaN(value.getTime()) ? '{}' : `"${value.toISOString()}"`);

  const shown = (value, around) => {
    if (value === null || value === undefined) return 'null';
    if (typeof value === 'function') return '[object Function]';
    if (typeof value === 'string') return `"${value}"`;
    if (typeof value !== 'object' || value instanceof Error) return String(value);
    if (around.includes(value)) return '[Circular]';
    const inside = [...around, value];
    if (value instanceof ArrayBuffer) return `ArrayBuffer { [Uint8Contents]: <${bytesOf(value)}>, byteLength: ${value.byteLength} }`;
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return `${value.constructor.name}(${value.length}) ${list([...value])}`;
    if (Array.isArray(value)) return list(Array.from(value, (item) => shown(item, inside)));
    const keys = Object.keys(value);
    if (keys.length > 0) return `{ ${keys.map((key) => `${key}: ${shown(value[key], inside)}`).join(', ')} }`;
    return value instanceof Date ? date(value) : '{}';
  };
  return { show: (value) => shown(value, []) };
}
