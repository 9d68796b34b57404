// A thread that inserts within a transaction until it is killed.
import { parentPort, workerData } from 'node:worker_threads';

import '../../server/typescript.mjs';

const { connectDatabase } = await import('../../server/database/remote.ts');

await connectDatabase(workerData.port).transaction(async (transaction) => {
  for (let id = 0; ; id++) {
    await transaction.query(`insert into ${workerData.table} values ($1::integer)`, [id]);
    if (id === 10) parentPort.postMessage('inserting');
  }
});
