// The token lives as long as the tab, in sessionStorage, and is never part of an address for
// longer than it takes to read it.

const storageKey = 'tutorsocket.token';

/** Splits `#token=…` off a fragment; null when there is none. */
export function tokenOfFragment(fragment: string): string | null {
  const match = /^#token=([^&]+)$/.exec(fragment);
  if (!match?.[1]) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return null;
  }
}

export class TokenStore {
  #token: string;
  readonly #storage: Storage | null;

  /** A storage that cannot be used, as in some private windows, is done without. */
  constructor(storage: Storage | null) {
    this.#storage = storage;
    this.#token = storage?.getItem(storageKey) ?? '';
  }

  get value(): string {
    return this.#token;
  }

  set value(token: string) {
    this.#token = token.trim();
    try {
      if (this.#token === '') this.#storage?.removeItem(storageKey);
      else this.#storage?.setItem(storageKey, this.#token);
    } catch {
      // full or forbidden: this page still has it
    }
  }
}
