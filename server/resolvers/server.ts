import { readFile } from 'node:fs/promises';

import { createAccess } from '../access.ts';
import { readVersions } from '../database/versions.ts';
import type { QueryResolvers, ServerResolvers } from '../generated/schema.ts';
import { whereModelsRun } from '../models/encode.ts';
import { usualDevice } from '../projections/device.ts';

const { version }: { version: string } = JSON.parse(
  await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** What is known without trying. */
export interface ServerRecord {
  readonly version: string;
  readonly database: string;
  readonly pgvector: string;
}

export const Server: ServerResolvers = {
  device: () => usualDevice(),
  mayChange(_server, _arguments, { config, authorization }) {
    try {
      createAccess(config).assertMayChange(authorization);
      return true;
    } catch {
      return false;
    }
  },
  inference: (_server, _arguments, { config }) => whereModelsRun(config),
};

export const serverQueries = {
  async server(_root, _arguments, { database }): Promise<ServerRecord> {
    return { version, ...(await readVersions(database)) };
  },
} satisfies QueryResolvers;
