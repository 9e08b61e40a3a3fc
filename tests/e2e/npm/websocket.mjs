// A WebSocket server for the tests, on the port that is given: it sends back what comes. Of each connection that ends it says its close
// code in a line. With a second argument it speaks TLS by that file, which holds certificate and key.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { WebSocketServer } from 'ws';

const [port, pem] = process.argv.slice(2);
const server = pem ? https.createServer({ cert: readFileSync(pem), key: readFileSync(pem) }) : http.createServer();
server.on('request', (_, response) => response.writeHead(404).end('no such room'));
const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 }, handleProtocols: (wanted) => [...wanted][0] });
sockets.on('connection', (socket, request) => {
  socket.on('message', (data, isBinary) => socket.send(isBinary ? data : `${request.url} ${data}`));
  socket.on('close', (code) => console.log(code));
  socket.on('error', (error) => console.log(error.message));
});
server.listen(Number(port), '127.0.0.1');
