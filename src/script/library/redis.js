// k6/experimental/redis: a table of commands over brunt's client.
(native) => {
  const word = (value, index) => {
    if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
    if (typeof value === 'boolean') return value ? '1' : '0';
    const kind = value === null ? 'null' : typeof value;
    throw new TypeError(`redis: the argument at index ${index} is of type ${kind}; a string, a number or a boolean is wanted`);
  };
  const plain = (reply) => reply;
  const present = (reply) => { // k6 rejects where there is nothing.
    if (reply === null) throw new Error('redis: nil');
    return reply;
  };
  const flag = (reply) => reply === 1 || reply === true;
  const pairs = (reply) => {
    if (!Array.isArray(reply)) return reply;
    const object = {};
    for (let i = 0; i + 1 < reply.length; i += 2) object[reply[i]] = reply[i + 1];
    return object;
  };
  // By method: the command, what becomes of its reply, and how many arguments count where k6's own examples give more.
  const table = {
    get: ['GET', present], getSet: ['GETSET', present], del: ['DEL', plain], getDel: ['GETDEL', present], exists: ['EXISTS', plain],
    incr: ['INCR', plain], incrBy: ['INCRBY', plain], decr: ['DECR', plain], decrBy: ['DECRBY', plain], randomKey: ['RANDOMKEY', present],
    mget: ['MGET', plain], expire: ['EXPIRE', flag], ttl: ['TTL', plain], persist: ['PERSIST', flag, 1],
    lpush: ['LPUSH', plain], rpush: ['RPUSH', plain], lpop: ['LPOP', present], rpop: ['RPOP', present], lrange: ['LRANGE', plain],
    lindex: ['LINDEX', present], lset: ['LSET', plain], lrem: ['LREM', plain], llen: ['LLEN', plain],
    hset: ['HSET', plain], hsetnx: ['HSETNX', flag], hget: ['HGET', present], hdel: ['HDEL', plain], hgetall: ['HGETALL', pairs],
    hkeys: ['HKEYS', plain], hvals: ['HVALS', plain], hlen: ['HLEN', plain], hincrby: ['HINCRBY', plain],
    sadd: ['SADD', plain], srem: ['SREM', plain], sismember: ['SISMEMBER', flag], smembers: ['SMEMBERS', plain],
    srandmember: ['SRANDMEMBER', present], spop: ['SPOP', present],
  };
  const urlOf = (socket, database) => {
    if (!socket?.host) throw new TypeError('redis: socket.host is missing');
    const { host, port = 6379 } = socket;
    return `redis://${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
  };
  const settingsOf = (given) => {
    if (typeof given === 'string') return { urls: [given] };
    if (given === null || typeof given !== 'object') throw new TypeError('redis: new Client() takes a URL or options');
    const { cluster, username = '', password = '', clientName = '', database = 0, masterName = '', sentinelUsername = '', sentinelPassword = '' } = given;
    const nodes = cluster === undefined ? [{ socket: given.socket }] : cluster?.nodes;
    if (!Array.isArray(nodes) || nodes.length === 0) throw new TypeError('redis: cluster.nodes is a list of URLs or of { socket }');
    const first = given.socket ?? nodes.find((node) => typeof node === 'object')?.socket ?? {};
    const { tls, dialTimeout = 5, readTimeout = 3 } = first;
    return {
      urls: nodes.map((node) => (typeof node === 'string' ? node : urlOf(node.socket ?? node, cluster === undefined ? database : 0))),
      username, password, clientName, dialTimeout, readTimeout, masterName, sentinelUsername, sentinelPassword,
      maxRedirects: cluster === undefined ? 0 : (cluster.maxRedirects ?? 3),
      ...(tls && { tls: true, ca: [tls.ca ?? []].flat().join('\n'), cert: tls.cert, key: tls.key }),
    };
  };
  class Client {
    #connection;
    constructor(options) { this.#connection = native.open({
      username: '', password: '', clientName: '', masterName: '', sentinelUsername: '', sentinelPassword: '', maxRedirects: 0, dialTimeout: 5, readTimeout: 3,
      ...settingsOf(options),
    }); }
    async #send(command, values) { return JSON.parse(await native.send(this.#connection, [command, ...values.map(word)])).at(-1); }
    async sendCommand(command, ...values) { return this.#send(String(command).toUpperCase(), values); }
    async set(key, value, seconds = 0) { return this.#send('SET', seconds > 0 ? [key, value, 'EX', seconds] : [key, value]); }
    static run(client, command, values) { return client.#send(command, values); }
  }
  const { run } = Client;
  delete Client.run;
  for (const [name, [command, finish, most]] of Object.entries(table))
    Client.prototype[name] = async function (...values) { return finish(await run(this, command, values.slice(0, most))); };
  return { Client };
}
