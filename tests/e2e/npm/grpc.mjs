// A gRPC server for the tests: node grpc.mjs PORT PROTO [CERTIFICATE KEY]. The greeter of examples/k6, with health and reflection.
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';

const [port, proto, certificate, key] = process.argv.slice(2);
const definition = loadSync(proto);
const { service } = grpc.loadPackageDefinition(definition).greeter.v1.Greeter;
const now = () => ({ seconds: Math.floor(Date.now() / 1000), nanos: 0 });

const server = new grpc.Server();
server.addService(service, {
  SayHello(call, done) {
    if (call.request.name === 'slow') return;
    if (!call.request.name) return done({ code: grpc.status.INVALID_ARGUMENT, details: 'a name is missing' });
    const metadata = new grpc.Metadata();
    for (const value of call.metadata.get('x-team')) metadata.add('x-team', value);
    call.sendMetadata(metadata);
    const trailers = new grpc.Metadata();
    trailers.add('x-done', 'yes');
    done(null, { text: `hello ${call.request.name}`, number: 1, at: now() }, trailers);
  },
  SayOften(call) {
    for (let i = 1; i <= call.request.times; i++) call.write({ text: `hello ${call.request.name} ${i}`, number: i });
    call.end();
  },
  Gather(call, done) {
    let count = 0;
    call.on('data', () => count++);
    call.on('end', () => done(null, { count }));
  },
  Chat(call) {
    call.on('data', ({ name }) => call.write({ text: `hello ${name}` }));
    call.on('end', () => call.end());
  },
});
new HealthImplementation({ '': 'SERVING', 'greeter.v1.Greeter': 'SERVING', asleep: 'NOT_SERVING' }).addToServer(server);
new ReflectionService(definition).addToServer(server);
const credentials = certificate
  ? grpc.ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(certificate), private_key: readFileSync(key) }])
  : grpc.ServerCredentials.createInsecure();
server.bindAsync(`127.0.0.1:${port}`, credentials, (error) => { if (error) throw error; });
