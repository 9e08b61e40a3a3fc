// Users that VUs hand to each other through a Redis.
//
//   brunt run examples/k6/redis.js -e REDIS=redis://localhost:6379
import { check } from 'k6';
import redis from 'k6/experimental/redis';

const client = new redis.Client(__ENV.REDIS);

export const options = { vus: 4, iterations: 20, thresholds: { checks: ['rate==1'] } };

export async function setup() {
  await client.sendCommand('FLUSHDB');
  await client.sadd('users', 'ada', 'grace', 'barbara');
}

export default async function () {
  const user = await client.srandmember('users');
  const [visits] = await Promise.all([client.incr(`visits:${user}`), client.hset('last', user, __VU)]);
  check(visits, { 'counts up': (n) => n >= 1 });
  check(await client.sismember('users', user), { 'is a user': (is) => is === true });
}

export async function teardown() {
  const last = await client.hgetall('last');
  const visits = await client.mget(...Object.keys(last).map((user) => `visits:${user}`));
  const sum = visits.reduce((all, one) => all + Number(one), 0);
  if (sum !== 20) throw new Error(`there were ${sum} visits`);
}
