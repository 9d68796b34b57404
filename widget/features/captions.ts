/** Names of the items, or pictures of those that have them, at the points where there is room: more as the camera nears. */
import { html, type TemplateResult } from 'lit';

import { type Box, type Caption, placeCaptions } from '../captions.ts';
import type { Client } from '../client.ts';
import * as ask from '../laterQueries.ts';
import type { LoadedMap } from '../loadMap.ts';
import type { Names } from '../names.ts';
import { icons } from '../panels/icons.ts';
import type { Shape } from '../renderer/overlay.ts';
import type { Feature, MapView, MarkColors } from './feature.ts';

const FONT_PX = 12;
/** Of letters, as a share of their height: where nothing can be measured. */
const LETTER_SHARE = 0.55;
const GAP_PX = 4;
/** The middle of a name above its point. */
const NAME_ABOVE_PX = 11;
const LONGEST_NAME = 28;
/** The longest edge of a picture from afar, how much larger it gets with the camera's nearness, and at most. */
const PICTURE_PX = 30;
const PICTURE_GROWTH = 0.3;
const LARGEST_PICTURE_PX = 72;
/** The camera rests this long before pictures are asked for, so many at once. */
const REST_MS = 150;
const PICTURES_AT_ONCE = 100;
const MOST_KEPT = 2000;

/** A picture; null: it is on its way, or there is none. */
type Picture = HTMLImageElement | null;

export class CaptionsFeature implements Feature {
  readonly label = 'Names and pictures';
  readonly #view: MapView;
  readonly #pictures = new Map<string, Picture>();
  readonly #widths = new Map<string, number>();
  #measuring: CanvasRenderingContext2D | null = null;
  #of: Client | null = null;
  #dataset = '';
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted: readonly string[] = [];
  /** The captions, and what they were placed for. */
  #placed: { readonly key: readonly unknown[]; readonly captions: readonly Caption[] } = { key: [], captions: [] };

  constructor(view: MapView) {
    this.#view = view;
    view.addController({ hostDisconnected: () => this.#forget() });
  }

  start(): void {
    this.#view.toggleCaptions();
  }

  renderTool(): TemplateResult {
    return html`<button
      aria-label=${this.label}
      title="Names or pictures at the points, where there is room"
      aria-pressed=${this.#view.captions}
      @click=${() => this.start()}
    >
      ${icons.names}
    </button>`;
  }

  renderPanel(): null {
    return null;
  }

  shapes(colors: MarkColors): readonly Shape[] {
    const { map, names, captions } = this.#view;
    if (!captions || map === null || names === null) return [];
    return hasPictures(names) ? this.#drawPictures(map) : this.#drawNames(map, colors);
  }

  loaded({ sameItems }: LoadedMap): void {
    if (!sameItems) this.#forget();
  }

  #drawNames(map: LoadedMap, { ink, ground, font }: MarkColors): readonly Shape[] {
    const nameOf = (index: number) => {
      const name = this.#view.labelOf(index);
      return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
    };
    const css = `${FONT_PX}px ${font}`;
    const sizeOf = (index: number) => ({
      width: this.#widthOf(nameOf(index), css) + GAP_PX,
      height: FONT_PX + GAP_PX,
    });
    return this.#place(map, sizeOf, -NAME_ABOVE_PX).map(
      ({ index, x, y }): Shape => ({
        ...{ kind: 'text', text: nameOf(index), x, y, color: ink, halo: ground, font: css },
      }),
    );
  }

  #drawPictures(map: LoadedMap): readonly Shape[] {
    this.#use(map);
    const { zoom } = this.#view.stage.camera;
    const edge = Math.round(Math.min(LARGEST_PICTURE_PX, PICTURE_PX * Math.max(1, zoom) ** PICTURE_GROWTH));
    const room = { width: edge + GAP_PX, height: edge + GAP_PX };
    const captions = this.#place(map, () => room, 0);
    const missing: string[] = [];
    const shapes = captions.flatMap(({ index, x, y }): Shape[] => {
      const key = map.points.key(index);
      const image = this.#pictures.get(key);
      if (image === undefined) missing.push(key);
      return image == null ? [] : [{ kind: 'picture', image, x, y, edge }];
    });
    this.#want(map.client, missing);
    return shapes;
  }

  /** The same as before while nothing has moved. */
  #place(
    { points }: LoadedMap,
    sizeOf: (index: number) => { readonly width: number; readonly height: number },
    below: number,
  ): readonly Caption[] {
    const { stage, hidden, emphasis, labels } = this.#view;
    const { camera, size } = stage;
    const key = [points.x, camera, size, hidden, emphasis, labels.length, labels[0]?.text];
    if (!key.every((part, i) => part === this.#placed.key[i])) {
      const taken = labels.map(
        ({ text, x, y, fontPx }): Box => ({ x, y, width: text.length * fontPx * LETTER_SHARE, height: fontPx }),
      );
      const captions = placeCaptions({ points, camera, size, hidden, only: emphasis, taken, sizeOf, below });
      this.#placed = { key, captions };
    }
    return this.#placed.captions;
  }

  #widthOf(name: string, font: string): number {
    let width = this.#widths.get(name);
    if (width === undefined) {
      this.#measuring ??= document.createElement('canvas').getContext('2d');
      if (this.#measuring !== null) this.#measuring.font = font;
      width = this.#measuring?.measureText(name).width ?? name.length * FONT_PX * LETTER_SHARE;
      if (this.#widths.size >= MOST_KEPT) this.#widths.clear();
      this.#widths.set(name, width);
    }
    return width;
  }

  #use({ client, names }: LoadedMap): void {
    if (this.#of === client && this.#dataset === names.dataset) return;
    this.#forget();
    this.#of = client;
    this.#dataset = names.dataset;
  }

  /** Asks for pictures when the camera has come to rest. */
  #want(client: Client, keys: readonly string[]): void {
    if (String(keys) === String(this.#wanted)) return;
    this.#wanted = keys;
    clearTimeout(this.#timer);
    if (keys.length > 0) this.#timer = setTimeout(() => void this.#fetch(client, keys), REST_MS);
  }

  async #fetch(client: Client, keys: readonly string[]): Promise<void> {
    const { signal } = this.#abort;
    if (this.#pictures.size > MOST_KEPT) this.#drop();
    for (const key of keys) this.#pictures.set(key, null);
    try {
      for (let start = 0; start < keys.length; start += PICTURES_AT_ONCE) {
        const some = keys.slice(start, start + PICTURES_AT_ONCE);
        for (const { key, url } of await ask.pictures(client, this.#dataset, some, signal)) {
          void this.#load(client, key, url, signal);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      for (const key of keys) this.#pictures.delete(key);
      this.#view.fail(error);
    }
  }

  async #load(client: Client, key: string, url: string, signal: AbortSignal): Promise<void> {
    try {
      const image = new Image();
      image.referrerPolicy = 'no-referrer';
      if (client.isOwn(url)) image.crossOrigin = 'anonymous';
      image.src = await client.image(url, signal);
      await image.decode();
      if (signal.aborted) return;
      this.#pictures.set(key, image);
      this.#view.stage.requestFrame();
    } catch {
      // What cannot be shown leaves the point as it is.
    }
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#wanted = [];
    this.#of = null;
    this.#drop();
  }

  #drop(): void {
    for (const image of this.#pictures.values()) if (image?.src.startsWith('blob:')) URL.revokeObjectURL(image.src);
    this.#pictures.clear();
  }
}

function hasPictures({ summary }: Names): boolean {
  return summary.kind === 'IMAGE';
}
