import assert from 'node:assert/strict';
import { join } from 'node:path';
import { mock } from 'node:test';

import { Tensor } from 'onnxruntime-node';

import { describeModel } from '../../../server/models/describeModel.ts';
import { loadedBytes, makeRoom, openSession, runSession } from '../../../server/models/sessions.ts';
import { sharedModels, withShared } from '../../helpers/models.ts';

const PICTURES = 32;

withShared('what runs have needed counts as memory of models, and is given back', ['models/mobilenet_v2'], async () => {
  const { image: tower } = describeModel('mobilenet_v2', join(sharedModels, 'mobilenet_v2'));
  assert.ok(tower);
  const pictures = (count: number) => {
    const shape = [count, tower.channels, tower.height, tower.width];
    const size = shape.reduce((product, length) => product * length, 1);
    return { [tower.input]: new Tensor('float32', new Float32Array(size), shape) };
  };
  const settings = { device: 'cpu', modelMemoryBytes: 2 ** 30 } as const;
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const session = await openSession(tower, [tower.output], settings);
    assert.equal(loadedBytes(), tower.bytes);
    await runSession(session, pictures(1));
    const small = loadedBytes();
    await runSession(session, pictures(PICTURES));
    const grown = loadedBytes();
    assert.ok(grown - small > 2 ** 28, `${PICTURES} pictures took ${grown - small} bytes`);
    await runSession(session, pictures(PICTURES));
    assert.equal(loadedBytes(), grown, 'what is as large as before needs no more');

    assert.equal(await openSession(tower, [tower.output], settings), session, 'it is still there');
    await runSession(session, pictures(1));
    mock.timers.tick(29_000);
    assert.equal(loadedBytes(), grown, 'the pause between two batches ends nothing');
    mock.timers.tick(2_000);
    assert.equal(loadedBytes(), 0);

    const again = await openSession(tower, [tower.output], settings);
    assert.notEqual(again, session);
    await runSession(again, pictures(1));
    mock.timers.tick(60_000);
    assert.ok(loadedBytes() >= tower.bytes, 'a session that has not grown is kept for the next question');
    await openSession(tower, ['n5'], { ...settings, modelMemoryBytes: tower.bytes + 1 });
    assert.equal(loadedBytes(), tower.bytes, 'where both do not fit, the one used last stays');
  } finally {
    mock.timers.reset();
    await makeRoom(0);
  }
});
