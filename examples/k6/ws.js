// A WebSocket that the iteration waits for: k6/ws.
//
//   brunt run examples/k6/ws.js -e WS=ws://localhost:8080
import ws from 'k6/ws';
import { check } from 'k6';

export const options = {
  vus: 5,
  iterations: 20,
  thresholds: {
    checks: ['rate==1'],
    ws_connecting: ['p(95)<5000'],
    'ws_msgs_received{room:red}': ['count==60'],
  },
};

export default function () {
  const seen = [];
  const response = ws.connect(`${__ENV.WS}/red`, { tags: { room: 'red', name: 'room' }, compression: 'deflate' }, (socket) => {
    socket.on('open', () => {
      socket.send('one');
      socket.sendBinary(new Uint8Array([1, 2, 3]).buffer);
      socket.setTimeout(() => socket.send('later'), 20);
      socket.setInterval(() => socket.ping(), 15);
    });
    socket.on('message', (text) => {
      seen.push(text);
      if (text.endsWith('later')) socket.close();
    });
    socket.on('binaryMessage', (data) => seen.push(data.byteLength));
    socket.on('error', (error) => console.error(error.error()));
    socket.on('close', (code) => check(code, { 'closed by us': (c) => c === 1001 }));
  });
  check(response, { 'status is 101': (r) => r.status === 101 });
  check(seen, { 'all came back': (list) => list.join() === '/red one,3,/red later' });
  check(ws.connect('ws://localhost:1/', () => {}), { 'refused is told': (r) => r.status === 0 && r.error !== '' });
}
