/** A process that works at jobs, and says `kept` when one has a checkpoint, until it is killed. PLACE DATA_DIR MODELS_DIR */
import { setTimeout as sleep } from 'node:timers/promises';

import { openPglite } from '../../../server/database/pglite.ts';
import { openPostgres } from '../../../server/database/postgres.ts';
import { tasks } from '../../../server/jobs/tasks.ts';
import { work } from '../../../server/jobs/work.ts';
import { settingsFor } from '../../helpers/models.ts';

const [, , place = '', dataDir = '', modelsDir = ''] = process.argv;
const database = place.startsWith('postgres') ? await openPostgres(place, { pool: 4 }) : await openPglite(place);
void work(database, {
  ...{ worker: 'dies', dataDir, models: settingsFor(modelsDir), tasks },
  ...{ log: { info() {}, warn() {}, error: console.error }, stop: new AbortController().signal },
});
// The checkpoint of words is there before their training has kept anything: then it names no state.
const kept = `select id from jobs where state = 'RUNNING'
  and (checkpoint ->> 'embeddingId' is not null or checkpoint ->> 'file' is not null)
  and coalesce(checkpoint -> 'state', 'true') <> 'null'`;
for (;;) {
  if ((await database.query(kept)).length > 0) process.stdout.write('kept\n');
  await sleep(20);
}
