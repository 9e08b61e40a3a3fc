// docs/reference/k6-members.md, member by member: MEMBERS is its table as JSON.
import * as k6 from 'k6';
import http from 'k6/http';
import * as metrics from 'k6/metrics';
import exec from 'k6/execution';
import * as data from 'k6/data';
import * as timers from 'k6/timers';
import encoding from 'k6/encoding';
import crypto from 'k6/crypto';
import * as x509 from 'k6/crypto/x509';
import * as html from 'k6/html';
import ws from 'k6/ws';
import * as websockets from 'k6/websockets';
import grpc from 'k6/net/grpc';
import secrets from 'k6/secrets';
import * as fs from 'k6/experimental/fs';
import csv from 'k6/experimental/csv';
import * as streams from 'k6/experimental/streams';
import redis from 'k6/experimental/redis';
import { base } from './lib.js';

const table = JSON.parse(__ENV.MEMBERS);
const own = { Counter: new metrics.Counter('a_counter'), Gauge: new metrics.Gauge('a_gauge'), Rate: new metrics.Rate('a_rate'), Trend: new metrics.Trend('a_trend') };
const file = await fs.open('./lib.js');
const parser = new csv.Parser(file);
const client = new grpc.Client();

export default function () {
  const response = http.get(`${base}/html`);
  let socket;
  ws.connect(base.replace('http', 'ws') + '/ws', {}, (opened) => {
    socket = opened;
    opened.on('open', () => opened.close());
  });
  const web = new websockets.WebSocket(base.replace('http', 'ws') + '/ws');
  web.onopen = () => web.close();
  const stream = new streams.ReadableStream({ start: (controller) => controller.close() });
  const of = {
    k6, 'k6/http': http, Response: response, CookieJar: http.cookieJar(), FileData: http.file('x'), 'k6/metrics': metrics, ...own,
    'k6/execution': exec, 'exec.instance': exec.instance, 'exec.scenario': exec.scenario, 'exec.test': exec.test, 'exec.vu': exec.vu,
    'exec.vu.metrics': exec.vu.metrics, 'k6/data': data, 'k6/timers': timers, 'k6/encoding': encoding, 'k6/crypto': crypto,
    Hasher: crypto.createHash('md5'), 'k6/crypto/x509': x509, crypto: globalThis.crypto, 'crypto.subtle': globalThis.crypto.subtle,
    'k6/html': html, Selection: response.html('form'), Element: response.html('form').get(0), 'k6/ws': ws, Socket: socket,
    'k6/websockets': websockets, WebSocket: web, Blob: new websockets.Blob(['x']), 'k6/net/grpc': grpc, 'grpc.Client': client,
    'grpc.Stream': grpc.Stream.prototype, 'k6/secrets': secrets, 'k6/experimental/fs': fs, 'fs.File': file, 'k6/experimental/csv': csv,
    'csv.Parser': parser, 'k6/experimental/streams': streams, ReadableStream: stream, ReadableStreamDefaultReader: new streams.ReadableStream({}).getReader(),
    'k6/experimental/redis': redis, 'redis.Client': redis.Client.prototype, globals: globalThis,
  };
  const wrong = [];
  for (const [name, there, missing] of table) {
    if (of[name] === undefined) wrong.push(`${name} itself`);
    for (const member of there) if (of[name] && !(member in of[name])) wrong.push(`${name}.${member} is not there`);
    for (const member of missing) if (of[name] && member in of[name]) wrong.push(`${name}.${member} is there`);
  }
  if (wrong.length > 0) throw new Error(wrong.join(', '));
}
