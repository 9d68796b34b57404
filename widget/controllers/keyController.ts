/** Keys become what they mean. Listens on the element; keys for the map itself count only while the map has the focus. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

interface KeyHost extends ReactiveControllerHost, HTMLElement {}

export interface KeyTarget {
  /** The part of the element that is the map. */
  readonly surface: () => Element | null;
  escape(): void;
  /** From point to point: -1, 0 or 1 to the right and down. */
  step(right: number, down: number): void;
  /** Moves the map by a step. */
  pan(right: number, down: number): void;
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
  toggleLasso(): void;
  choose(): void;
}

const DIRECTIONS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['ArrowLeft', [-1, 0]],
  ['ArrowRight', [1, 0]],
  ['ArrowUp', [0, -1]],
  ['ArrowDown', [0, 1]],
]);

const ACTIONS: ReadonlyMap<string, 'zoomIn' | 'zoomOut' | 'fit' | 'toggleLasso' | 'choose'> = new Map([
  ['+', 'zoomIn'],
  ['=', 'zoomIn'],
  ['-', 'zoomOut'],
  ['_', 'zoomOut'],
  ['0', 'fit'],
  ['l', 'toggleLasso'],
  ['L', 'toggleLasso'],
  ['Enter', 'choose'],
  [' ', 'choose'],
]);

export class KeyController implements ReactiveController {
  readonly #host: KeyHost;
  readonly #target: KeyTarget;

  constructor(host: KeyHost, target: KeyTarget) {
    this.#host = host;
    this.#target = target;
    host.addController(this);
  }

  hostConnected(): void {
    this.#host.addEventListener('keydown', this.#onKey);
  }

  hostDisconnected(): void {
    this.#host.removeEventListener('keydown', this.#onKey);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      this.#target.escape();
      event.preventDefault();
      return;
    }
    if (event.composedPath()[0] !== this.#target.surface() || event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = DIRECTIONS.get(event.key);
    const action = ACTIONS.get(event.key);
    if (direction !== undefined) this.#target[event.shiftKey ? 'pan' : 'step'](...direction);
    else if (action !== undefined) this.#target[action]();
    else return;
    event.preventDefault();
  };
}
