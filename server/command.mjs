#!/usr/bin/env node
// The command `embedding-map`: makes the TypeScript beside it runnable and runs it.
import { installWhatIsMissing } from './install.mjs';

installWhatIsMissing();
const { register } = await import('tsx/esm/api');
register();
await import('./command.ts');
