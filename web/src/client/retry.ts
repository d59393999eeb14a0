// When a connection that ended is dialled again by itself.

export const firstPause = 1000;
export const longestPause = 30_000;

const over = [1000, 1008, 4001, 4003]; // said good-bye, refused, taken over by a newer one, logged out

/** Says whether it makes sense to come back after a close code. */
export function mayComeBack(code: number): boolean {
  return !over.includes(code);
}

/** Says whether another attempt may go better than one that was refused with an HTTP status. */
export function mayPass(status: number): boolean {
  return status === 429 || status >= 500;
}

/** Dials after a pause, which doubles until a connection opens. */
export class Retry {
  #timer: ReturnType<typeof setTimeout> | null = null;
  #pause = firstPause;
  readonly #dial: () => void;

  constructor(dial: () => void) {
    this.#dial = dial;
  }

  /** Dials later, and returns in how many ms. */
  later(): number {
    this.cancel();
    const pause = this.#pause;
    this.#pause = Math.min(2 * pause, longestPause);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#dial();
    }, pause);
    return pause;
  }

  /** The next pause is a short one again. */
  reset(): void {
    this.#pause = firstPause;
  }

  /** Does not dial. */
  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
