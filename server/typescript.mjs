// Makes Node read TypeScript from here on: `node --import ./server/typescript.mjs FILE.ts`.
import * as module from 'node:module';

process.setSourceMapsEnabled(true);
if (module.registerHooks === undefined) {
  module.register('./translate.mjs', import.meta.url); // Node 20: in a thread of its own
} else {
  const { load } = await import('./translate.mjs');
  module.registerHooks({ load });
}
