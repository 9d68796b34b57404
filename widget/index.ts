/** What `<script type="module" src="…/embedding-map.js">` loads. In Node it may be imported and does nothing. */
import { EmbeddingMap } from './embedding-map.ts';

export type * from './events.ts';
export type { PageMapOptions, PageVectors } from './vectors.ts';
export { EmbeddingMap };

if (globalThis.customElements !== undefined && customElements.get('embedding-map') === undefined) {
  customElements.define('embedding-map', EmbeddingMap);
}
