import type { Size } from '../camera.ts';
import type { Renderer, RendererEvents } from './renderer.ts';

/**
 * The renderer for maps of so many components. Two are drawn by regl-scatterplot. It makes code from text, which a
 * page's content security policy may forbid, and needs textures of floats, which some phones lack: there, and for
 * three components, our own draws. @throws Error where the browser has no WebGL at all
 */
export async function createRenderer(components: 2 | 3, size: Size, events: RendererEvents): Promise<Renderer> {
  if (components === 2) {
    const { createScatterplotRenderer } = await import('./scatterplotRenderer.ts');
    const renderer = createScatterplotRenderer(size, events);
    if (renderer !== null) return renderer;
  }
  const { createPointsRenderer } = await import('./pointsRenderer.ts');
  return createPointsRenderer(events);
}
