#!/usr/bin/env node
// The command `embedding-map`: makes the TypeScript beside it runnable and runs it.
import { installWhatIsMissing } from './install.mjs';

installWhatIsMissing();
await import('./typescript.mjs');
await import('./command.ts');
