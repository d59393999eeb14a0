// Sent messages of one panel, walked with the up and down keys as in a shell. Kept in
// memory only: a message may hold a token.

const maxEntries = 100;

export class History {
  #entries: string[] = [];
  #at = 0;
  #draft = '';

  /** Remembers a message; the same one twice in a row counts once. */
  add(text: string): void {
    if (text !== '' && this.#entries.at(-1) !== text) this.#entries.push(text);
    if (this.#entries.length > maxEntries) this.#entries.shift();
    this.#at = this.#entries.length;
    this.#draft = '';
  }

  /** The message before; null when there is none. What was being written is kept for the way back. */
  older(current: string): string | null {
    if (this.#at === 0) return null;
    if (this.#at === this.#entries.length) this.#draft = current;
    this.#at--;
    return this.#entries[this.#at] ?? null;
  }

  /** The message after, at last the unsent one; null when already there. */
  newer(): string | null {
    if (this.#at >= this.#entries.length) return null;
    this.#at++;
    return this.#at === this.#entries.length ? this.#draft : (this.#entries[this.#at] ?? null);
  }
}
