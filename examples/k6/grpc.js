// gRPC: unary calls, one by one and together, and streams of messages; messages are those of greeter.proto.
//
//   brunt run grpc.js -e SERVER=localhost:50051
import { check, group } from 'k6';
import grpc from 'k6/net/grpc';

export const options = {
  vus: 5,
  iterations: 50,
  thresholds: {
    checks: ['rate==1'],
    grpc_req_duration: ['p(95)<1000'],
    'grpc_req_duration{method:SayHello}': ['p(95)<1000'],
    grpc_streams_msgs_received: ['count==200'],
  },
};

const client = new grpc.Client();
client.load(null, 'greeter.proto');

export default async function () {
  // Once for each virtual user: the connection stays.
  if (__ITER === 0) client.connect(__ENV.SERVER, { plaintext: true, timeout: '5s' });

  group('unary', () => {
    const reply = client.invoke('greeter.v1.Greeter/SayHello', { name: 'Bert' }, { metadata: { 'x-team': 'blue' } });
    check(reply, {
      'is OK': (r) => r.status === grpc.StatusOK,
      'greets Bert': (r) => r.message.text === 'hello Bert',
      'says when': (r) => !Number.isNaN(Date.parse(r.message.at)),
      'metadata comes back': (r) => r.headers['x-team'][0] === 'blue' && r.trailers['x-done'][0] === 'yes',
    });
    const nobody = client.invoke('greeter.v1.Greeter/SayHello', { name: '' });
    check(nobody, { 'nobody is refused': (r) => r.status === grpc.StatusInvalidArgument && r.error.message === 'a name is missing' });
  });

  const together = await Promise.all(['Ann', 'Eve'].map((name) => client.asyncInvoke('greeter.v1.Greeter/SayHello', { name })));
  check(together, { 'both are greeted': (all) => all.map((r) => r.message.text).join() === 'hello Ann,hello Eve' });

  const texts = await often('Zoe', 3);
  check(texts, { 'three times': (all) => all.join() === 'hello Zoe 1,hello Zoe 2,hello Zoe 3' });

  check(await gather(['a', 'b', 'c', 'd']), { 'four are counted': (count) => count === 4 });
}

// A stream from the server.
function often(name, times) {
  return new Promise((resolve, reject) => {
    const texts = [];
    const stream = new grpc.Stream(client, 'greeter.v1.Greeter/SayOften');
    stream.on('data', (reply) => texts.push(reply.text));
    stream.on('error', reject);
    stream.on('end', () => resolve(texts));
    stream.write({ name, times });
    stream.end();
  });
}

// A stream to the server.
function gather(names) {
  return new Promise((resolve, reject) => {
    const stream = new grpc.Stream(client, 'greeter.v1.Greeter/Gather');
    stream.on('data', (reply) => resolve(reply.count));
    stream.on('error', reject);
    for (const name of names) stream.write({ name });
    stream.end();
  });
}
