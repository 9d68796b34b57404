import { readFile } from 'node:fs/promises';

import { readVersions } from '../database/versions.ts';
import type { QueryResolvers } from '../generated/schema.ts';

const { version }: { version: string } = JSON.parse(
  await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
);

export const serverQueries = {
  async server(_root, _arguments, { database }) {
    return { version, ...(await readVersions(database)), device: 'CPU' };
  },
} satisfies QueryResolvers;
