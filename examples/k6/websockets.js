// Several WebSockets of one virtual user at once, on its event loop: k6/websockets.
//
//   brunt run examples/k6/websockets.js -e WS=ws://localhost:8080
import { WebSocket, Blob } from 'k6/websockets';
import { check } from 'k6';

export const options = {
  vus: 5,
  iterations: 20,
  thresholds: {
    checks: ['rate==1'],
    ws_sessions: ['count==60'],
    ws_session_duration: ['avg>0'],
    'ws_msgs_received{subproto:chat}': ['count==120'],
  },
};

// Says hello in a room; comes to what was heard there.
const visit = (room) =>
  new Promise((done, failed) => {
    const heard = [];
    const socket = new WebSocket(`${__ENV.WS}/${room}`, ['chat'], { tags: { name: 'room' } });
    socket.binaryType = room === 'c' ? 'arraybuffer' : 'blob';
    socket.onopen = () => {
      socket.send('hello');
      socket.ping();
    };
    socket.addEventListener('message', async (event) => {
      heard.push(typeof event.data === 'string' ? event.data : event.data instanceof Blob ? await event.data.text() : event.data.byteLength);
      if (heard.length === 1) socket.send(new Blob(['bytes']));
      else socket.close(1000, 'done');
    });
    socket.onerror = (event) => failed(new Error(event.error));
    socket.onclose = (event) => done({ heard, code: event.code });
  });

export default async function () {
  const visits = await Promise.all(['a', 'b', 'c'].map(visit));
  check(visits, {
    'texts came back': (all) => all.every((one, i) => one.heard[0] === `/${'abc'[i]} hello`),
    'bytes came back': (all) => all[0].heard[1] === 'bytes' && all[2].heard[1] === 5,
    'all closed well': (all) => all.every((one) => one.code === 1000),
  });
}
