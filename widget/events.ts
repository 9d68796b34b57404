/** The events of `<embedding-map>`. All bubble and cross shadow roots. */

import type { Neighbors } from './answers.ts';
import type { Camera } from './camera.ts';
import type { MakingState } from './features/feature.ts';

export interface PointDetail {
  readonly key: string;
  readonly label: string;
  /** Row of the points file. */
  readonly index: number;
  /** Coordinates on the map, as the server gave them. */
  readonly coordinates: readonly number[];
}

export interface NeighborsDetail extends Neighbors {
  /** Whose neighbours they are. */
  readonly key: string;
}

export interface SelectionDetail {
  /** Keys of the selected items, in the order of the points file. */
  readonly keys: readonly string[];
}

export interface ProjectionDetail {
  readonly dataset: string;
  readonly embedding: string;
  readonly projection: string;
  readonly components: 2 | 3;
}

export interface ProgressDetail extends Omit<ProjectionDetail, 'components'>, MakingState {}

/** What is seen: enough to show the same again. */
export interface ViewState {
  readonly embedding: string | null;
  readonly projection: string | null;
  readonly colorBy: string | null;
  readonly captions: boolean;
  readonly camera: Camera;
  /** Key of the item whose neighbours are shown; null: none. */
  readonly chosen: string | null;
  /** Keys of the selected items; none where they are more than 1,000. */
  readonly selected: readonly string[];
}

export interface StateDetail {
  readonly state: 'empty' | 'loading' | 'ready' | 'error';
}

export interface ErrorDetail {
  readonly code: string;
  readonly message: string;
}

export interface EmbeddingMapEventMap {
  /** The pointer or the keyboard came to a point; null when it left. */
  'point-hover': CustomEvent<PointDetail | null>;
  /** A point was clicked, or chosen by Enter. Cancelable: the map then does not ask for neighbours. */
  'point-click': CustomEvent<PointDetail>;
  /** Neighbours have come from the server; null when they were cleared. */
  'neighbors-change': CustomEvent<NeighborsDetail | null>;
  /** Items were selected by lasso, rectangle or `select()`, or the selection was cleared. */
  'selection-change': CustomEvent<SelectionDetail>;
  /** Another map is on the screen, at its final coordinates. */
  'projection-change': CustomEvent<ProjectionDetail>;
  /** Something else is seen, and has been for a moment: another part, another color, another choice. */
  'view-change': CustomEvent<ViewState>;
  /** The map is in the making and on its way: how far it is. */
  'map-progress': CustomEvent<ProgressDetail>;
  /** Loading began or ended. */
  'state-change': CustomEvent<StateDetail>;
  /** Something failed; the map says the same to the user. */
  'map-error': CustomEvent<ErrorDetail>;
}

declare global {
  interface HTMLElementEventMap extends EmbeddingMapEventMap {}
}

/** Fires an event of the map. False when a listener prevented what follows. */
export function fire<Name extends keyof EmbeddingMapEventMap>(
  target: EventTarget,
  name: Name,
  detail: EmbeddingMapEventMap[Name]['detail'],
  cancelable = false,
): boolean {
  return target.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable }));
}
