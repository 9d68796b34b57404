import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { generate, generatedFile, shadersFile, wasmFile } from './generate.ts';
import { generateShaders } from './generateShaders.ts';
import { generateWasm } from './generateWasm.ts';

test('server/generated/schema.ts is what schema.graphql gives', async () => {
  const written = await readFile(generatedFile, 'utf8');
  assert.ok(written === (await generate()), 'server/generated/schema.ts is stale: run `npm run generate`.');
});

test('server/kernels/cpu/wasm.ts is what its sources are compiled to', async () => {
  const written = await readFile(wasmFile, 'utf8');
  assert.ok(written === (await generateWasm()), 'server/kernels/cpu/wasm.ts is stale: run `npm run generate`.');
});

test('server/kernels/gpu/shaders.ts is what the shaders are', async () => {
  const written = await readFile(shadersFile, 'utf8');
  assert.ok(written === (await generateShaders()), 'server/kernels/gpu/shaders.ts is stale: run `npm run generate`.');
});
