import ws from 'k6/ws';
import { WebSocket } from 'k6/websockets';
import { base, holds, is } from './lib.js';

const url = base.replace('http', 'ws') + '/ws';

export default async function () {
  const told = [];
  const answer = ws.connect(url, {}, (socket) => {
    socket.on('open', () => socket.send('a'));
    socket.on('message', (text) => {
      told.push(text);
      socket.ping();
    });
    socket.on('pong', () => socket.sendBinary(new Uint8Array([1, 2]).buffer));
    socket.on('binaryMessage', (bytes) => {
      told.push([...new Uint8Array(bytes)]);
      socket.close();
    });
    socket.on('close', () => told.push('closed'));
    socket.setTimeout(() => socket.close(), 5000);
  });
  is('handshake', answer.status, 101);
  is('ws', told, ['a', [1, 2], 'closed']);

  const events = await new Promise((done) => {
    const seen = [];
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send('b');
    socket.onmessage = ({ data }) => {
      seen.push(typeof data === 'string' ? data : [...new Uint8Array(data)]);
      if (seen.length === 1) socket.send(new Uint8Array([3]));
      else socket.close();
    };
    socket.addEventListener('close', () => done([...seen, socket.readyState]));
  });
  is('websockets', events, ['b', [3], 3]);
  holds('no handshake', ws.connect(base.replace('http', 'ws') + '/get', {}, () => {}).status === 200);
}
