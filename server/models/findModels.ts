/**
 * The models that are there: folders below MODELS_DIR and those that were downloaded, under their own name or, as on the
 * hub, under `owner/name`. A folder with several ONNX files without the usual names is as many models.
 */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import type { ModelSettings } from '../config.ts';
import { didYouMean, UserError } from '../errors.ts';
import { describeModel, type ModelDescription } from './describeModel.ts';
import { recommended } from './knownModels.ts';

/** Where `fetchModel` puts what it downloads. */
export function downloadsDir({ dataDir }: Pick<ModelSettings, 'dataDir'>): string {
  return join(dataDir, 'models');
}

/** Everything that looks like a model, by name, with why it cannot be used where it cannot. Downloads give way to MODELS_DIR. */
export async function listModels(settings: ModelSettings): Promise<ModelDescription[]> {
  const found = new Map<string, ModelDescription>();
  for (const root of [settings.modelsDir, downloadsDir(settings)]) {
    if (root === null) continue;
    for (const model of await modelsBelow(root)) if (!found.has(model.name)) found.set(model.name, model);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** @throws UserError NOT_FOUND where there is no such model, BAD_USER_INPUT where it cannot be used */
export async function requireModel(settings: ModelSettings, name: string): Promise<ModelDescription> {
  const models = await listModels(settings);
  const model = models.find((each) => each.name === name);
  if (model === undefined) {
    const fetchable = recommended.some((known) => known.name === name);
    const names = models.map((each) => each.name);
    const advice = fetchable
      ? ' Fetch it by the mutation `fetchModel`.'
      : didYouMean(name, names) ||
        (names.length > 0
          ? ` There is ${names.slice(0, 20).join(', ')}.`
          : ' Set MODELS_DIR to a folder of models, or fetch one by the mutation `fetchModel`.');
    throw new UserError('NOT_FOUND', `There is no model "${name.slice(0, 100)}" here.${advice}`);
  }
  if (model.problem !== null)
    throw new UserError('BAD_USER_INPUT', `The model "${name}" cannot be used. ${model.problem}`);
  return model;
}

async function modelsBelow(root: string): Promise<ModelDescription[]> {
  const models: ModelDescription[] = [];
  for (const folder of await foldersIn(root)) {
    const path = join(root, folder);
    if (await isModel(path)) models.push(...(await modelsIn(folder, path)));
    else {
      for (const inner of await foldersIn(path)) {
        const deeper = join(path, inner);
        if (await isModel(deeper)) models.push(...(await modelsIn(`${folder}/${inner}`, deeper)));
      }
    }
  }
  return models;
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return await readdir(folder, { withFileTypes: true }).catch(() => []);
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}

/** A folder with weights, or with the files that stand beside weights. */
async function isModel(folder: string): Promise<boolean> {
  const names = (await entriesOf(folder)).map(({ name }) => name);
  return names.some(
    (name) =>
      name === 'onnx' ||
      name === 'config.json' ||
      name === 'preprocessor_config.json' ||
      /\.(onnx|safetensors)$/.test(name),
  );
}

async function modelsIn(name: string, folder: string): Promise<ModelDescription[]> {
  const files = (await entriesOf(folder)).filter((entry) => entry.name.endsWith('.onnx')).map((entry) => entry.name);
  const usual = files.some((file) => /^(model|text_model|vision_model)(_\w+)?\.onnx$/.test(file));
  if (usual || files.length < 2) return [await described(name, folder, null)];
  return await Promise.all(
    files.sort().map((file) => {
      const stem = file.slice(0, -'.onnx'.length);
      return described(stem === basename(folder) ? name : `${name}/${stem}`, folder, join(folder, file));
    }),
  );
}

interface Known {
  readonly state: string;
  readonly description: ModelDescription;
}

const known = new Map<string, Known>();

/** Told anew when a file of the folder has changed. */
async function described(name: string, folder: string, file: string | null): Promise<ModelDescription> {
  const key = JSON.stringify([name, folder, file]);
  const state = await stateOf(folder);
  const found = known.get(key);
  if (found?.state === state) return found.description;
  const description = describeModel(name, folder, file);
  known.set(key, { state, description });
  return description;
}

async function stateOf(folder: string): Promise<string> {
  const parts: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.name === 'onnx' || entry.name === '1_Pooling') parts.push(`[${await stateOf(path)}]`);
    const found = await stat(path).catch(() => null);
    parts.push(`${entry.name} ${found?.size} ${found?.mtimeMs}`);
  }
  return parts.join('\n');
}
