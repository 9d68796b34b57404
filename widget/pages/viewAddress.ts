/** What is seen of a map, as the end of an address that can be sent to others: pure. */
import { type Camera, flatView } from '../camera.ts';
import type { ViewState } from '../events.ts';

export interface Address {
  readonly dataset: string;
  readonly view: Partial<ViewState>;
}

/** Addresses that are longer do not survive every mail and chat: then the selection is left out. */
const LONGEST = 2000;
const axes = ['x', 'y', 'zoom', 'yaw', 'pitch'] as const satisfies readonly (keyof Camera)[];

/** What follows `#`. */
export function toHash({ dataset, view }: Address): string {
  const parameters = new URLSearchParams();
  const { embedding, projection, colorBy, captions, camera, chosen, selected = [] } = view;
  if (embedding) parameters.set('embedding', embedding);
  if (projection) parameters.set('projection', projection);
  if (colorBy) parameters.set('color', colorBy);
  if (captions) parameters.set('captions', '');
  if (camera && axes.some((axis) => camera[axis] !== flatView[axis])) {
    parameters.set('camera', axes.map((axis) => Number(camera[axis].toPrecision(5))).join(','));
  }
  if (chosen) parameters.set('item', chosen);
  const short = parameters.toString();
  for (const key of selected) parameters.append('selected', key);
  const long = parameters.toString();
  const end = long.length > LONGEST ? short : long;
  return encodeURIComponent(dataset) + (end === '' ? '' : `?${end}`);
}

/** The same read. What is not understood is left out; `dataset` is empty where none is named. */
export function fromHash(hash: string): Address {
  const at = hash.indexOf('?');
  const parameters = new URLSearchParams(at < 0 ? '' : hash.slice(at + 1));
  const camera = parameters.get('camera')?.split(',').map(Number) ?? [];
  const [x = 0, y = 0, zoom = 1, yaw = 0, pitch = 0] = camera;
  const isCamera = camera.length === axes.length && camera.every(Number.isFinite) && zoom > 0;
  return {
    dataset: decoded(at < 0 ? hash : hash.slice(0, at)),
    view: {
      embedding: parameters.get('embedding'),
      projection: parameters.get('projection'),
      colorBy: parameters.get('color'),
      captions: parameters.has('captions'),
      ...(isCamera ? { camera: { x, y, zoom, yaw, pitch } } : {}),
      chosen: parameters.get('item'),
      selected: parameters.getAll('selected'),
    },
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
