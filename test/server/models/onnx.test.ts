import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';

import { exposeTensors } from '../../../server/models/onnx/exposeTensors.ts';
import { readGraph } from '../../../server/models/onnx/graph.ts';
import { layersOf, penultimate } from '../../../server/models/onnx/layers.ts';
import { probeModel } from '../../../server/models/onnx/probeModel.ts';
import {
  bytesField,
  fieldsOf,
  integerField,
  join as joinBytes,
  memoryBytes,
  textField,
  textOf,
  withFile,
} from '../../../server/models/onnx/protobuf.ts';
import { onnxModel, sharedModels, withShared } from '../../helpers/models.ts';

const SEED = 7;

test('fields that are written are read again', () => {
  const field = fc.oneof(
    fc.record({
      number: fc.integer({ min: 1, max: 536_870_911 }),
      value: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    }),
    fc.record({ number: fc.integer({ min: 1, max: 536_870_911 }), text: fc.string({ unit: 'grapheme' }) }),
  );
  fc.assert(
    fc.property(fc.array(field), (fields) => {
      const bytes = memoryBytes(
        joinBytes(
          fields.flatMap((each) =>
            'text' in each ? textField(each.number, each.text) : integerField(each.number, each.value),
          ),
        ),
      );
      const read = [...fieldsOf(bytes)];
      assert.equal(read.length, fields.length);
      for (const [i, each] of fields.entries()) {
        assert.equal(read[i]?.number, each.number);
        if ('text' in each) assert.equal(textOf(bytes, read[i] ?? { from: 0, to: 0 }), each.text);
        else assert.equal(read[i]?.value, each.value);
      }
    }),
    { seed: SEED, numRuns: 100 },
  );
});

test('negative integers take ten bytes and come back', () => {
  const minusOne = Uint8Array.from([8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
  assert.deepEqual(
    [...fieldsOf(memoryBytes(minusOne))].map(({ value }) => value),
    [-1],
  );
});

test('whatever is done to the bytes of a model, it is read or refused as none', () => {
  const whole = probeModel(4);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
      const broken = Uint8Array.from(whole).subarray(0, length);
      if (at < length) broken[at] = byte;
      try {
        readGraph(memoryBytes(broken));
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});

/** x → a → b → c, and beside it x → d, which needs a constant of its own. */
const branched = onnxModel({
  inputs: [{ name: 'x', type: 1, dimensions: [1, 2] }],
  outputs: [
    { name: 'c', type: 1, dimensions: [1, 2] },
    { name: 'd', type: 1, dimensions: [1, 2] },
  ],
  nodes: [
    { operator: 'Relu', inputs: ['x'], output: 'a' },
    { operator: 'Add', inputs: ['a', 'one'], output: 'b' },
    { operator: 'Neg', inputs: ['b'], output: 'c' },
    { operator: 'Mul', inputs: ['x', 'seven'], output: 'd' },
  ],
  constants: [
    { name: 'one', dimensions: [1], values: Float32Array.of(1) },
    { name: 'seven', dimensions: [1], values: Float32Array.of(7) },
  ],
});

test('a model is cut to what a tensor needs, and gives that tensor out', async () => {
  const cut = exposeTensors(branched, ['b']);
  const graph = readGraph(memoryBytes(cut));
  assert.deepEqual(
    graph.nodes.map(({ operator }) => operator),
    ['Relu', 'Add'],
  );
  assert.deepEqual([...graph.initializers.keys()], ['one']);
  assert.deepEqual(
    graph.outputs.map(({ name }) => name),
    ['b'],
  );
  const session = await InferenceSession.create(cut);
  const { b } = await session.run({ x: new Tensor('float32', Float32Array.of(-3, 4), [1, 2]) });
  assert.deepEqual([...(b?.data ?? [])], [1, 5]);
});

test('several tensors are given out at once, those of the file among them', async () => {
  const session = await InferenceSession.create(exposeTensors(branched, ['a', 'd']));
  const { a, d } = await session.run({ x: new Tensor('float32', Float32Array.of(-3, 4), [1, 2]) });
  assert.deepEqual(
    [[...(a?.data ?? [])], [...(d?.data ?? [])]],
    [
      [0, 4],
      [-21, 28],
    ],
  );
});

test('a tensor that no node computes cannot be given out', () => {
  assert.throws(() => exposeTensors(branched, ['one']), /no node computes a tensor "one"/);
  assert.throws(() => exposeTensors(branched, ['nowhere']), RangeError);
});

test('layers stand in the order of computation, with their depth, and constants are none', () => {
  const layers = layersOf(readGraph(memoryBytes(branched)));
  assert.deepEqual(
    layers.map(({ name, depth, output }) => [name, depth, output]),
    [
      ['a', 1, false],
      ['b', 2, false],
      ['c', 3, true],
      ['d', 1, true],
    ],
  );
});

test('what the last layer of a classifier weighs is found through its softmax', () => {
  const classifier = onnxModel({
    inputs: [{ name: 'x', type: 1, dimensions: [1, 2] }],
    outputs: [{ name: 'scores', type: 1, dimensions: [1, 3] }],
    nodes: [
      { operator: 'Relu', inputs: ['x'], output: 'activations' },
      { operator: 'MatMul', inputs: ['activations', 'weights'], output: 'logits' },
      { operator: 'Softmax', inputs: ['logits'], output: 'scores' },
    ],
    constants: [{ name: 'weights', dimensions: [2, 3], values: new Float32Array(6) }],
  });
  assert.equal(penultimate(readGraph(memoryBytes(classifier)), 'scores'), 'activations');
  assert.equal(penultimate(readGraph(memoryBytes(branched)), 'c'), null, 'no weights: nothing is a classifier');
});

test('names that graphs within a node use are kept with it', () => {
  // An `If` whose branch looks at a tensor from outside.
  const branch = joinBytes([
    ...bytesField(1, [...textField(1, 'outside'), ...textField(2, 'y'), ...textField(4, 'Neg')]),
  ]);
  const node = [
    ...textField(1, 'condition'),
    ...textField(2, 'result'),
    ...textField(4, 'If'),
    ...bytesField(5, [...textField(1, 'then_branch'), ...bytesField(6, [branch])]),
  ];
  const maker = [...textField(1, 'x'), ...textField(2, 'outside'), ...textField(4, 'Relu')];
  const graph = readGraph(
    memoryBytes(
      joinBytes(
        bytesField(7, [...bytesField(1, maker), ...bytesField(1, node), ...bytesField(12, textField(1, 'result'))]),
      ),
    ),
  );
  assert.deepEqual(graph.nodes[1]?.captured, ['outside']);
});

withShared('a layer that the file gives out is the same when it is cut out', ['models/cifar10_resnet'], async () => {
  const file = join(sharedModels, 'cifar10_resnet', 'cifar10_resnet20.onnx');
  const bytes = await readFile(file);
  const pixels = Float32Array.from({ length: 2 * 3 * 32 * 32 }, (_, i) => Math.sin(i));
  const feeds = { pixel_values: new Tensor('float32', pixels, [2, 3, 32, 32]) };
  const whole = await (await InferenceSession.create(file)).run(feeds);
  for (const name of ['layer1', 'layer2', 'layer3', 'features']) {
    const cut = await InferenceSession.create(exposeTensors(bytes, [name]));
    const { [name]: found } = await cut.run(feeds);
    assert.deepEqual(found?.data, whole[name]?.data, name);
    assert.deepEqual(cut.outputNames, [name]);
  }
  const graph = withFile(file, readGraph);
  assert.equal(layersOf(graph).length, graph.nodes.length - 3, 'three are names that the file gives to others');
});
