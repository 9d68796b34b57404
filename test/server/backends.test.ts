import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isGpuUsual, openBackend } from '../../server/backends.ts';

// A driver that is not there: what a machine without a graphics card finds.
process.env['VK_DRIVER_FILES'] = '/nowhere.json';
process.env['VK_ICD_FILENAMES'] = '/nowhere.json';
const skip = process.platform === 'linux' ? false : 'only on Linux can the driver be taken away';

let held = 0;
const hold = () => {
  held++;
  return () => void held--;
};

test('without a graphics card the processor does the work, and says so where a card was asked for', {
  skip,
}, async () => {
  const asked = await openBackend('GPU', 10, hold);
  assert.equal(asked.backend.device, 'CPU');
  assert.equal(asked.card, null);
  assert.match(
    asked.notes.join(),
    /^(There is no graphics driver|No graphics driver reports).* The processor does the work\.$/,
  );
  asked.close();

  const usual = await openBackend('AUTO', 100_000, hold);
  assert.equal(usual.backend.device, 'CPU');
  assert.deepEqual(usual.notes, []);
  usual.close();
  assert.equal(await isGpuUsual(hold), false);
  assert.equal(held, 0, 'the thread is let go');
});

test('COMPUTE_DEVICE cpu keeps hands off the card, and a request for one is told so', async () => {
  process.env['COMPUTE_DEVICE'] = 'cpu';
  const { backend, notes, close } = await openBackend('GPU', 100_000, () => assert.fail('nobody looks for a card'));
  assert.equal(backend.device, 'CPU');
  assert.match(notes.join(), /COMPUTE_DEVICE/);
  close();
  delete process.env['COMPUTE_DEVICE'];
});
