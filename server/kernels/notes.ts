/** How notes on what was reduced begin. */
export function itemsThere(n: number): string {
  return n === 1 ? 'There is 1 item' : `There are ${n} items`;
}
