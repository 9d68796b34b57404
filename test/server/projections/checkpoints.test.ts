import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

import { sweepCheckpoints } from '../../../server/projections/checkpoints.ts';
import { scratchDir } from '../../helpers/runTask.ts';

const dataDir = await scratchDir();

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
