/**
 * What few need lies in a second file, `embedding-map-more.js`: fetched when it is first wanted, from beside this one, or, where
 * this one was copied to another place alone, from the server that the map asks.
 */
export type More = typeof import('./more.ts');

const FILE = 'embedding-map-more.js';

let loading: Promise<More> | null = null;

/** @param endpoint of the GraphQL server @throws Error where the file is in neither place */
export function loadMore(endpoint: string): Promise<More> {
  loading ??= importFirst(addresses(FILE, endpoint)).catch((cause: unknown) => {
    loading = null; // the next who wants it tries again
    throw new Error(
      `This part of the map could not be loaded: ${FILE} is neither beside the script nor on the server.`,
      {
        cause,
      },
    );
  });
  return loading;
}

/** Where a file of ours may be, the likeliest first. */
export function addresses(file: string, endpoint: string): readonly string[] {
  const beside = /^https?:/.test(import.meta.url) ? [new URL(file, import.meta.url).href] : [];
  return [...new Set([...beside, new URL(`/${file}`, endpoint).href])];
}

async function importFirst([first, ...others]: readonly string[]): Promise<More> {
  if (first === undefined) throw new Error('There is no place to load from.');
  try {
    return await import(first);
  } catch (error) {
    if (others.length === 0) throw error;
    return await importFirst(others);
  }
}
