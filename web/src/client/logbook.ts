// The log of one connection: a bounded list of rows and the filter over them.
import type { Note } from './texts';

export type Direction = 'in' | 'out' | 'system';
export type DirectionFilter = 'all' | Direction;

/** One row. System rows carry a note instead of a text, so that they follow the language. */
export interface LogRow {
  id: number;
  /** Wall clock in ms. */
  at: number;
  dir: Direction;
  text: string;
  note: Note | null;
  /** A heartbeat or the answer to one. */
  beat: boolean;
  /** A system row that reports a failure. */
  failed: boolean;
}

export interface LogFilter {
  text: string;
  dir: DirectionFilter;
  beats: boolean;
}

export const maxRows = 5000;

export class Logbook {
  rows: LogRow[] = [];
  /** Rows that made room for newer ones since the last `clear`. */
  dropped = 0;
  #next = 1;

  /** Adds a row; the oldest one goes when there are more than `maxRows`. */
  add(row: Partial<LogRow> & { at: number; dir: Direction }): void {
    this.rows.push({ text: '', note: null, beat: false, failed: false, ...row, id: this.#next++ });
    if (this.rows.length > maxRows) {
      this.rows.shift();
      this.dropped++;
    }
  }

  clear(): void {
    this.rows = [];
    this.dropped = 0;
  }

  /** Rows that pass; `render` gives the visible text of a note. Case does not matter. */
  select(filter: LogFilter, render: (note: Note) => string): LogRow[] {
    const wanted = filter.text.trim().toLowerCase();
    if (wanted === '' && filter.dir === 'all' && filter.beats) return this.rows.slice();
    return this.rows.filter(
      (row) =>
        (filter.dir === 'all' || row.dir === filter.dir) &&
        (filter.beats || !row.beat) &&
        (wanted === '' || (row.note === null ? row.text : render(row.note)).toLowerCase().includes(wanted)),
    );
  }
}

/** Local time as HH:MM:SS.mmm. */
export function clockText(at: number): string {
  const time = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

export const symbols: Record<Direction, string> = { in: '↓', out: '↑', system: '•' };

/** Rows as plain text for the clipboard. */
export function rowsText(rows: LogRow[], render: (note: Note) => string): string {
  return rows.map((row) => `${clockText(row.at)} ${symbols[row.dir]} ${row.note === null ? row.text : render(row.note)}`).join('\n');
}
