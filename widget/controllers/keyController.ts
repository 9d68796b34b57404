/** Keys become what they mean. Listens on the element; keys for the map itself count only while the map has the focus. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

interface KeyHost extends ReactiveControllerHost, HTMLElement {}

export interface KeyTarget {
  /** The part of the element that is the map. */
  readonly surface: () => Element | null;
  /** @returns whether there was anything to be done: otherwise the key is the page's */
  escape(): boolean;
  /** From point to point: -1, 0 or 1 to the right and down. */
  step(right: number, down: number): void;
  /** Moves a flat map by a step, and turns a cloud, as a drag does. */
  drag(right: number, down: number): void;
  zoomIn(): void;
  zoomOut(): void;
  fit(): void;
  toggleLasso(): void;
  choose(): void;
  /** Selects the point that is meant beside the others, or no longer. */
  select(): void;
  /** A button that is only a picture has come under the focus: whoever sees it is told its name. */
  name(text: string): void;
}

const DIRECTIONS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['ArrowLeft', [-1, 0]],
  ['ArrowRight', [1, 0]],
  ['ArrowUp', [0, -1]],
  ['ArrowDown', [0, 1]],
]);

const ACTIONS: ReadonlyMap<string, 'zoomIn' | 'zoomOut' | 'fit' | 'toggleLasso' | 'choose' | 'select'> = new Map([
  ['+', 'zoomIn'],
  ['=', 'zoomIn'],
  ['-', 'zoomOut'],
  ['_', 'zoomOut'],
  ['0', 'fit'],
  ['l', 'toggleLasso'],
  ['L', 'toggleLasso'],
  ['Enter', 'choose'],
  [' ', 'choose'],
  ['s', 'select'],
  ['S', 'select'],
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
    // Beyond the shadow root nothing is told of a focus that moves within it.
    this.#host.shadowRoot?.addEventListener('focusin', this.#onFocus);
  }

  hostDisconnected(): void {
    this.#host.removeEventListener('keydown', this.#onKey);
    this.#host.shadowRoot?.removeEventListener('focusin', this.#onFocus);
  }

  /** Of a list only one button is a stop for Tab, where one was last: a hundred lines are no hundred stops. */
  readonly #onFocus = (event: Event): void => {
    const [on] = event.composedPath();
    if (!(on instanceof HTMLButtonElement)) return;
    for (const each of listOf(on)) each.tabIndex = each === on ? 0 : -1;
    if (on.matches('.tools :focus-visible')) this.#target.name(on.ariaLabel ?? '');
  };

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      if (!this.#target.escape()) return;
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [on] = event.composedPath();
    if (on !== this.#target.surface()) {
      if (on instanceof HTMLButtonElement && moveInList(on, event.key)) event.preventDefault();
      return;
    }
    const direction = DIRECTIONS.get(event.key);
    const action = ACTIONS.get(event.key);
    if (direction !== undefined) this.#target[event.shiftKey ? 'drag' : 'step'](...direction);
    else if (action !== undefined) this.#target[action]();
    else return;
    event.preventDefault();
  };
}

/** Where arrow keys go from button to button. */
const LISTS = '.tools, .rows, .legend ul';

/** The buttons among which this one is; none where it stands alone. */
function listOf(button: HTMLButtonElement): HTMLButtonElement[] {
  return [...(button.closest(LISTS)?.querySelectorAll('button') ?? [])];
}

/** Moves the focus as far as the key says. @returns whether it did */
function moveInList(from: HTMLButtonElement, key: string): boolean {
  const buttons = listOf(from);
  const at = buttons.indexOf(from);
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: buttons.length - 1 }[key];
  const wanted = at < 0 || to === undefined ? undefined : buttons[to];
  wanted?.focus();
  return to !== undefined && at >= 0;
}
