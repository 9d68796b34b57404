import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createMatrix } from '#kernels/matrix.ts';
import { createRandom } from '#kernels/random.ts';
import type { Database } from '../../../server/database/database.ts';
import { openPglite } from '../../../server/database/pglite.ts';
import { addJob, requireJob, takeBackFrom } from '../../../server/jobs/jobs.ts';
import { sweepCheckpoints } from '../../../server/projections/checkpoints.ts';
import { type ProjectEmbeddingInput, projectEmbedding } from '../../../server/projections/projectEmbedding.ts';
import { readPoints, requireProjection } from '../../../server/projections/projections.ts';
import { copyPgliteTemplate } from '../../helpers/database.ts';
import { makeEmbedding } from '../../helpers/maps.ts';
import { runTask } from '../../helpers/runTask.ts';

const dataDir = await copyPgliteTemplate();
after(() => rm(dataDir, { recursive: true, force: true }));

const states = async (): Promise<string[]> =>
  (await readdir(join(dataDir, 'checkpoints'), { recursive: true }).catch(() => [])).filter((name) =>
    name.endsWith('.state'),
  );

async function coordinatesOf(database: Database, embeddingId: number, name: string): Promise<Float32Array> {
  const projection = await requireProjection(database, embeddingId, name);
  for await (const { coordinates } of readPoints(database, projection)) return coordinates;
  throw new Error('no points');
}

test('a map whose process was killed goes on from where it was kept, and ends at the same bits', async () => {
  const rows = 800;
  const random = createRandom(5);
  const matrix = createMatrix(rows, 12);
  for (let i = 0; i < matrix.data.length; i++) matrix.data[i] = random.normal() + (i % 7);
  const items = Array.from({ length: rows }, (_, i) => ({ key: `${i}` }));

  let database = await openPglite(join(dataDir, 'pglite'));
  const embedding = await makeEmbedding(database, { slug: 'cloud', items, matrix });
  const input = (name: string): ProjectEmbeddingInput => ({
    ...{ embeddingId: embedding.id, name, method: 'UMAP', components: 2, seed: 7, device: 'AUTO' },
    umap: { neighbors: 10, epochs: 5000 },
  });
  const { id } = await addJob(database, { kind: 'PROJECT_EMBEDDING', input: input('killed') });
  await database.close();

  const script = fileURLToPath(new URL('./mapProcess.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], { stdio: 'inherit' });
  while ((await states()).length === 0) await sleep(10);
  await sleep(100); // for the row that names the file
  child.kill('SIGKILL');
  await once(child, 'exit');

  database = await openPglite(join(dataDir, 'pglite'));
  const [kept] = await database.query<{ checkpoint: { milliseconds: number } }>(
    'select checkpoint from jobs where id = $1::uuid',
    [id],
  );
  assert.ok((kept?.checkpoint.milliseconds ?? 0) > 0, 'the job has a checkpoint');
  assert.equal((await requireJob(database, id)).state, 'RUNNING');

  await takeBackFrom(database, null);
  const { job } = await runTask(database, 'PROJECT_EMBEDDING', projectEmbedding, input('killed'), {
    dataDir,
    jobId: id,
  });
  assert.equal(job.state, 'SUCCEEDED', JSON.stringify(job.error));
  assert.equal(job.attempts, 2);
  assert.deepEqual(await states(), [], 'what was kept is gone');
  const projection = await requireProjection(database, embedding.id, 'killed');
  assert.ok((projection.milliseconds ?? 0) > (kept?.checkpoint.milliseconds ?? 0), 'the time of both attempts counts');

  await runTask(database, 'PROJECT_EMBEDDING', projectEmbedding, input('whole'), { dataDir });
  assert.deepEqual(
    await coordinatesOf(database, embedding.id, 'killed'),
    await coordinatesOf(database, embedding.id, 'whole'),
  );
  await database.close();
});

test('what a job has kept that has ended is swept, and that of an open one is not', async () => {
  const open = '00000000-0000-4000-8000-00000000000a';
  const ended = '00000000-0000-4000-8000-00000000000b';
  for (const jobId of [open, ended]) {
    await mkdir(join(dataDir, 'checkpoints', jobId), { recursive: true });
    await writeFile(join(dataDir, 'checkpoints', jobId, 'a.state'), '');
  }
  await sweepCheckpoints(dataDir, [open]);
  assert.deepEqual(await readdir(join(dataDir, 'checkpoints')), [open]);
});
