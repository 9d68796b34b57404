/** The options of WebAssembly that run.mjs gives to the tests: a process that opens PGlite takes .4 s of a processor less by them. */
export const asTheTests: readonly string[] = process.execArgv.filter((option) => option.startsWith('--wasm-'));

/** What Node is to be given to run a file of TypeScript as a process of its own. */
export const readsTypescript: readonly string[] = [
  ...asTheTests,
  ...['--import', new URL('../../server/typescript.mjs', import.meta.url).href],
];
