// How panels share the window.

const minColumn = 300;
const gap = 12;

/**
 * Number of columns for so many panels in so many pixels: as many as fit, but no row is
 * left with a single panel when fewer columns give even rows (four panels: 4 or 2+2, not 3+1).
 */
export function columnsFor(width: number, panels: number): number {
  const fitting = Math.max(1, Math.floor((width + gap) / (minColumn + gap)));
  const rows = Math.max(1, Math.ceil(panels / fitting));
  return Math.max(1, Math.ceil(panels / rows));
}

/** First and last (exclusive) row to render, and the height of what is left out on both sides. */
export interface Window {
  first: number;
  last: number;
  above: number;
  below: number;
}

/** Chooses the rows around the visible part of a list. `heightOf` may be an estimate. */
export function windowOf(count: number, heightOf: (index: number) => number, top: number, height: number, overscan: number): Window {
  let first = 0;
  let above = 0;
  while (first < count) {
    const row = heightOf(first);
    if (above + row >= top - overscan) break;
    above += row;
    first++;
  }
  let last = first;
  let bottom = above;
  while (last < count && bottom < top + height + overscan) bottom += heightOf(last++);
  let below = 0;
  for (let index = last; index < count; index++) below += heightOf(index);
  return { first, last, above, below };
}
