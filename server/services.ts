import type { Logger } from 'pino';

import type { Access } from './access.ts';
import type { Config } from './config.ts';
import type { Database } from './database/database.ts';
import type { Resident } from './embeddings/resident.ts';
import type { Graphql } from './graphql.ts';
import type { Limits } from './limits.ts';

/** What the routes of one server work with. */
export interface Services {
  readonly config: Config;
  readonly database: Database;
  readonly resident: Resident;
  readonly limits: Limits;
  readonly access: Access;
  readonly graphql: Graphql;
  readonly log: Logger;
}
