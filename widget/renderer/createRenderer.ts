import type { Size } from '../camera.ts';
import { loadMore } from '../loadMore.ts';
import type { Renderer, RendererEvents } from './renderer.ts';

/**
 * The renderer for maps of so many components. Two are drawn by regl-scatterplot. It makes code from text, which a
 * page's content security policy may forbid, and needs textures of floats, which some phones lack: there, and for
 * three components, our own draws, which is in the second file.
 *
 * @param endpoint of the GraphQL server @throws Error where the browser has no WebGL at all, or the second file is nowhere
 */
export async function createRenderer(
  components: 2 | 3,
  size: Size,
  endpoint: string,
  events: RendererEvents,
): Promise<Renderer> {
  if (components === 2) {
    // Node, where pages may be made beforehand, cannot import the library.
    const { createScatterplotRenderer } = await import('./scatterplotRenderer.ts');
    const renderer = createScatterplotRenderer(size, events);
    if (renderer !== null) return renderer;
  }
  return (await loadMore(endpoint)).createPointsRenderer(events);
}
