// https://jslib.k6.io/formdata: a multipart body (RFC 7578) put together by hand.
const bytesOf = (value) => {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return new TextEncoder().encode(String(value));
};
const quoted = (text) => String(text).replace(/\r?\n/g, '%0D%0A').replace(/"/g, '%22');

export class FormData {
  #parts = [];
  constructor() {
    this.boundary = '------RWWorkerFormDataBoundary' + Math.random().toString(36).slice(2);
  }
  // `value`: a text, bytes, or what http.file() gives: { data, filename, content_type }.
  append(name, value, filename) {
    const isFile = typeof value === 'object' && value !== null && 'data' in value;
    this.#parts.push({
      name, bytes: bytesOf(isFile ? value.data : value), filename: filename ?? (isFile ? value.filename ?? 'blob' : undefined),
      type: isFile ? value.content_type ?? 'application/octet-stream' : undefined,
    });
  }
  // An ArrayBuffer; the request's Content-Type is `multipart/form-data; boundary=` + boundary.
  body() {
    const pieces = [];
    for (const { name, bytes, filename, type } of this.#parts) {
      const file = filename === undefined ? '' : `; filename="${quoted(filename)}"`;
      const kind = filename === undefined ? '' : `Content-Type: ${type ?? 'application/octet-stream'}\r\n`;
      pieces.push(bytesOf(`--${this.boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${file}\r\n${kind}\r\n`), bytes, bytesOf('\r\n'));
    }
    pieces.push(bytesOf(`--${this.boundary}--\r\n`));
    const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole.buffer;
  }
}
