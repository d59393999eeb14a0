// Heartbeats of one connection: what is sent, and how long the answers took.

/** `hbt` is WebTutor's own text; `ping` is the JSON message of older test pages. */
export type HeartbeatKind = 'hbt' | 'ping';

/** What a page shows about heartbeats. */
export interface HeartbeatReport {
  /** Sent and not answered yet. */
  waiting: number;
  /** Wall clock (ms) of the last answer, or null. */
  answeredAt: number | null;
  /** Round trip of the last answer in ms. */
  roundTrip: number | null;
}

export interface HeartbeatDeps {
  /** Sends a text; false when the connection is not open. */
  send(text: string): boolean;
  changed(report: HeartbeatReport): void;
  /** Wall clock in ms. */
  now(): number;
  /** Monotonic clock in ms, for round trips. */
  elapsed(): number;
  setInterval(call: () => void, ms: number): unknown;
  clearInterval(timer: unknown): void;
}

export const minSeconds = 1;
export const maxSeconds = 3600;
export const defaultSeconds = 25;

const remembered = 1000; // beats kept while nobody answers; the count goes on

interface Beat {
  kind: HeartbeatKind;
  /** The `t` of a JSON ping. */
  stamp: number;
  sent: number;
}

/**
 * Sends beats at an interval and matches answers. Beats that a person sends by hand are
 * matched as well: the owner reports every outgoing and incoming text.
 */
export class Heartbeat {
  #timer: unknown = null;
  #beats: Beat[] = [];
  #waiting = 0;
  #answeredAt: number | null = null;
  #roundTrip: number | null = null;
  readonly #deps: HeartbeatDeps;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  /** Sends a beat at once and then every so many seconds. A running one is replaced. */
  start(kind: HeartbeatKind, seconds: number): void {
    this.stop();
    const beat = () => {
      this.#deps.send(beatText(kind, this.#deps.now()));
    };
    this.#timer = this.#deps.setInterval(beat, clampSeconds(seconds) * 1000);
    beat();
  }

  /** Stops sending; answers to earlier beats still count. */
  stop(): void {
    if (this.#timer === null) return;
    this.#deps.clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Forgets everything; for a new connection. */
  reset(): void {
    this.stop();
    this.#beats = [];
    this.#waiting = 0;
    this.#answeredAt = null;
    this.#roundTrip = null;
    this.#report();
  }

  /** Takes note of an outgoing text and says whether it is a beat. */
  sent(text: string): boolean {
    const kind = beatKind(text);
    if (kind === null) return false;
    this.#beats.push({ kind: kind.kind, stamp: kind.stamp, sent: this.#deps.elapsed() });
    if (this.#beats.length > remembered) this.#beats.shift();
    this.#waiting++;
    this.#report();
    return true;
  }

  /** Takes note of an incoming text and says whether it answers a beat. */
  received(text: string): boolean {
    const answer = answerKind(text);
    if (answer === null) return false;
    // `$ok` carries no number: answers come in order, so the oldest beat is meant.
    const index = this.#beats.findIndex((b) => b.kind === answer.kind && (answer.stamp === null || b.stamp === answer.stamp));
    const beat = this.#beats[index];
    if (beat !== undefined) {
      this.#beats.splice(index, 1);
      this.#waiting--;
      this.#roundTrip = this.#deps.elapsed() - beat.sent;
      this.#answeredAt = this.#deps.now();
      this.#report();
    }
    return true;
  }

  #report(): void {
    this.#deps.changed({ waiting: this.#waiting, answeredAt: this.#answeredAt, roundTrip: this.#roundTrip });
  }
}

/** The text of a beat. */
export function beatText(kind: HeartbeatKind, now: number): string {
  return kind === 'hbt' ? '$hbt' : JSON.stringify({ type: 'ping', t: now });
}

/** A usable interval out of whatever was typed. */
export function clampSeconds(seconds: number): number {
  if (!Number.isFinite(seconds)) return defaultSeconds;
  return Math.min(maxSeconds, Math.max(minSeconds, Math.round(seconds)));
}

function beatKind(text: string): { kind: HeartbeatKind; stamp: number } | null {
  if (text === '$hbt') return { kind: 'hbt', stamp: 0 };
  const t = stampOf(text, 'ping');
  return typeof t === 'number' ? { kind: 'ping', stamp: t } : null;
}

function answerKind(text: string): { kind: HeartbeatKind; stamp: number | null } | null {
  if (text === '$ok') return { kind: 'hbt', stamp: null };
  const t = stampOf(text, 'pong');
  return t === undefined ? null : { kind: 'ping', stamp: t };
}

// stampOf reads `t` of {"type":<type>,"t":…}; a socket in JSON queue mode wraps messages in
// an array (spec/websocket.md B.2). undefined: another message; null: without a usable t.
function stampOf(text: string, type: string): number | null | undefined {
  if (text.length > 200 || !text.includes(`"${type}"`)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (Array.isArray(value) && value.length === 1) value = value[0];
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== type) return undefined;
  return 't' in value && typeof value.t === 'number' ? value.t : null;
}
