// https://jslib.k6.io/url: the globals, under the names that people import.
const { URL, URLSearchParams } = globalThis;
export { URL, URLSearchParams };
