// A recording of everything that went over the page's connections, in the format that
// `connect --record` and script tests share: JSON lines, `t` in ms since the first one.

export type RecordedDirection = 'in' | 'out' | 'open' | 'close';

interface Entry {
  at: number;
  dir: RecordedDirection;
  /** The panel; its name is looked up when the file is written, so a renamed panel has one name. */
  panel: string;
  text: string;
}

export interface RecordingLimits {
  entries: number;
  /** UTF-16 units of all texts. */
  size: number;
}

/** Holds the newest entries within its limits; older ones are dropped. */
export class Recording {
  #entries: Entry[] = [];
  #size = 0;
  readonly #limits: RecordingLimits;

  constructor(limits: RecordingLimits = { entries: 100_000, size: 64 << 20 }) {
    this.#limits = limits;
  }

  add(at: number, dir: RecordedDirection, panel: string, text: string): void {
    this.#entries.push({ at, dir, panel, text });
    this.#size += text.length;
    if (this.#entries.length > this.#limits.entries || this.#size > this.#limits.size) this.#shrink();
  }

  /** Drops what one panel recorded. */
  clear(panel: string): void {
    this.#entries = this.#entries.filter((entry) => entry.panel !== panel);
    this.#size = this.#entries.reduce((sum, entry) => sum + entry.text.length, 0);
  }

  count(panel?: string): number {
    return panel === undefined ? this.#entries.length : this.#entries.filter((entry) => entry.panel === panel).length;
  }

  /** The file: panels that `nameOf` does not know are left out. Empty when there is nothing. */
  lines(nameOf: (panel: string) => string | null): string {
    let start: number | null = null;
    let text = '';
    for (const entry of this.#entries) {
      const socket = nameOf(entry.panel);
      if (socket === null) continue;
      start ??= entry.at;
      // The wall clock may be set back; a replay wants time that does not.
      const t = Math.max(0, Math.round(entry.at - start));
      text += JSON.stringify({ t, dir: entry.dir, socket, text: entry.text }) + '\n';
    }
    return text;
  }

  // A tenth at once, so that a full recording does not move its entries for each message.
  #shrink(): void {
    let drop = 0;
    let size = this.#size;
    const entries = this.#limits.entries * 0.9;
    const limit = this.#limits.size * 0.9;
    while (drop < this.#entries.length - 1 && (this.#entries.length - drop > entries || size > limit)) {
      size -= this.#entries[drop]?.text.length ?? 0;
      drop++;
    }
    this.#entries.splice(0, drop);
    this.#size = size;
  }
}

/** A file name such as `tutorsocket-20260131-120530-all.jsonl`. */
export function recordingName(at: number, what: string): string {
  const time = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  const clock = `${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
  const name = what.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^-+|-+$/g, '');
  return `tutorsocket-${day}-${clock}-${name || 'socket'}.jsonl`;
}
