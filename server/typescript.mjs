// Makes Node read TypeScript from here on: `node --import ./server/typescript.mjs FILE.ts`.
import { register } from 'node:module';

process.setSourceMapsEnabled(true);
register('./translate.mjs', import.meta.url);
