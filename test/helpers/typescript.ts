/** What Node is to be given to run a file of TypeScript as a process of its own. */
export const readsTypescript: readonly string[] = [
  '--import',
  new URL('../../server/typescript.mjs', import.meta.url).href,
];
