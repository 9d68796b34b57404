/** Keys belong to the text that is written; Escape is the map's. */
export function keepKeys(event: KeyboardEvent): void {
  if (event.key !== 'Escape') event.stopPropagation();
}
