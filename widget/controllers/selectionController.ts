import type { ReactiveController, ReactiveControllerHost } from 'lit';

import type { Format } from '../download.ts';
import type { LoadedMap } from '../loadMap.ts';
import { loadMore } from '../loadMore.ts';

/** The items that the user has selected, and their download. */
export class SelectionController implements ReactiveController {
  /** Ascending. */
  indices: Uint32Array = new Uint32Array();
  /** How many items have come for the download that is under way; null: none is. */
  downloading: number | null = null;
  readonly #host: ReactiveControllerHost;
  readonly #onChange: () => void;
  #abort: AbortController | null = null;

  constructor(host: ReactiveControllerHost, onChange: () => void) {
    this.#host = host;
    this.#onChange = onChange;
    host.addController(this);
  }

  hostDisconnected(): void {
    this.#abort?.abort();
    this.downloading = null;
  }

  set(indices: Uint32Array): void {
    if (indices.length === 0 && this.indices.length === 0) return;
    this.indices = indices;
    this.#onChange();
  }

  /** Selects these besides. */
  add(indices: Uint32Array): void {
    this.set(Uint32Array.from(new Set([...this.indices, ...indices])).sort());
  }

  /** Fetches the fields of the selected items and offers them as a file. @throws what the client throws, and where the second file is nowhere */
  async download(map: LoadedMap, format: Format, labelOf: (index: number) => string): Promise<void> {
    if (this.downloading !== null || this.indices.length === 0) return;
    const abort = new AbortController();
    this.#abort = abort;
    const tell = (count: number | null) => {
      this.downloading = count;
      this.#host.requestUpdate();
    };
    tell(0);
    try {
      const { download } = await loadMore(map.client.endpoint);
      await download(map, this.indices, format, labelOf, tell, abort.signal);
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    } finally {
      tell(null);
    }
  }
}
