// One WebSocket connection as a small state machine. It knows no page, no texts and no
// storage; the socket itself is made by a function, so tests need no browser.

/** Where a connection stands. `closing` means that we asked for the end and wait for it. */
export type Phase = 'disconnected' | 'connecting' | 'connected' | 'closing';

/** How a connection ended. */
export interface Ending {
  code: number;
  reason: string;
  /** It had been open before; false for an attempt that failed. */
  opened: boolean;
  /** `disconnect` asked for it. */
  requested: boolean;
}

/** The part of a browser's WebSocket that is used. */
export interface SocketLike {
  readonly protocol: string;
  binaryType: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

export type Dial = (address: string, protocols: string[]) => SocketLike;

/** What a connection reports. Calls come in the order of events. */
export interface ConnectionEvents {
  phase(phase: Phase): void;
  opened(protocol: string): void;
  received(text: string): void;
  /** A binary message; the services of this server never send one, another server may. */
  binary(size: number): void;
  ended(ending: Ending): void;
}

/**
 * A connection that can be opened again after it ended. Events of an earlier socket are
 * ignored from the moment a new one is dialled.
 */
export class Connection {
  #phase: Phase = 'disconnected';
  #socket: SocketLike | null = null;
  #opened = false;
  readonly #dial: Dial;
  readonly #events: ConnectionEvents;

  constructor(dial: Dial, events: ConnectionEvents) {
    this.#dial = dial;
    this.#events = events;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /**
   * Dials. Does nothing while connecting or connected; a socket that is still closing is
   * left behind. Throws what the browser throws for an address or a subprotocol it refuses,
   * and stays disconnected then.
   */
  connect(address: string, protocols: string[]): void {
    if (this.#phase === 'connecting' || this.#phase === 'connected') return;
    this.#release();
    let socket: SocketLike;
    try {
      socket = this.#dial(address, protocols);
    } catch (error) {
      this.#enter('disconnected');
      throw error;
    }
    this.#socket = socket;
    this.#opened = false;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      if (this.#phase !== 'connecting') return;
      this.#opened = true;
      this.#enter('connected');
      this.#events.opened(socket.protocol);
    };
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = (event) => this.#ended(event.code, event.reason);
    this.#enter('connecting');
  }

  /** Asks for the end, with code 1000. Does nothing when there is nothing to end. */
  disconnect(): void {
    if (this.#phase !== 'connecting' && this.#phase !== 'connected') return;
    this.#enter('closing');
    this.#socket?.close(1000);
  }

  /** Sends a text and says whether it was handed to the socket. */
  send(text: string): boolean {
    if (this.#phase !== 'connected' || this.#socket === null) return false;
    this.#socket.send(text);
    return true;
  }

  /** Ends without further events, for a panel that is taken off the page. */
  dispose(): void {
    const socket = this.#socket;
    this.#release();
    this.#phase = 'disconnected';
    socket?.close(1000);
  }

  #received(data: unknown): void {
    if (typeof data === 'string') this.#events.received(data);
    else this.#events.binary(data instanceof ArrayBuffer ? data.byteLength : 0);
  }

  #ended(code: number, reason: string): void {
    const ending = { code, reason, opened: this.#opened, requested: this.#phase === 'closing' };
    this.#release();
    this.#enter('disconnected');
    this.#events.ended(ending);
  }

  #release(): void {
    if (this.#socket === null) return;
    this.#socket.onopen = null;
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket = null;
  }

  #enter(phase: Phase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#events.phase(phase);
  }
}

/** Dials with the browser's own WebSocket. */
export const browserDial: Dial = (address, protocols) => new WebSocket(address, protocols) as SocketLike;
