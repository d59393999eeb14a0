// One panel: settings, connection, heartbeat and log tied together for the view.
import { refusalOf } from '../api/refusal';
import { addressProblem, dialAddress, httpAddress, isStateful, serviceAddress, withoutSecrets, type PageAddress } from './address';
import { browserDial, Connection, type Dial, type Ending, type Phase } from './connection';
import { gapsOf } from './gap';
import { Heartbeat, type HeartbeatReport } from './heartbeat';
import { History } from './history';
import { Logbook, type LogRow } from './logbook';
import { parseProtocols } from './protocols';
import type { Recording } from './recording';
import { mayComeBack, mayPass, Retry } from './retry';
import type { PanelSettings } from './settings';
import type { Note } from './texts';

/** What the last attempt or connection came to; shown beside the badge. */
export interface Outcome {
  note: Note;
  /** The close code, whose meaning is shown with it. */
  code: number | null;
  failed: boolean;
  /** The address box is to blame. */
  address: boolean;
}

const noBeats: HeartbeatReport = { waiting: 0, answeredAt: null, roundTrip: null };
let nextId = 1;

export class Panel {
  readonly id = `p${nextId++}`;
  readonly history = new History();
  readonly log = new Logbook();
  settings: PanelSettings;
  phase = $state<Phase>('disconnected');
  outcome = $state.raw<Outcome | null>(null);
  beats = $state.raw<HeartbeatReport>(noBeats);
  /** Grows when the log changed; at most once per frame. */
  version = $state(0);
  unread = $state(0);
  /** The connection was lost and is going to be dialled again. */
  returning = $state(false);
  /** The connection settings are out of the way, for a longer log. */
  folded = $state(false);
  readonly #page: PageAddress;
  readonly #recording: Recording;
  readonly #connection: Connection;
  readonly #heartbeat: Heartbeat;
  readonly #retry = new Retry(() => this.#dial());
  #frame = 0;
  #attempt = 0;
  #dialled = '';

  constructor(settings: PanelSettings, page: PageAddress, recording: Recording, dial: Dial = browserDial) {
    this.settings = $state({ ...settings });
    this.#page = page;
    this.#recording = recording;
    this.#connection = new Connection(dial, {
      phase: (phase) => this.#entered(phase),
      opened: (protocol) => this.#opened(protocol),
      received: (text) => this.#received(text),
      binary: (size) => this.#note({ key: 'note.binary', parameters: { size } }),
      ended: (ending) => this.#ended(ending),
    });
    this.#heartbeat = new Heartbeat({
      send: (text) => this.#transmit(text),
      changed: (report) => (this.beats = report),
      now: () => Date.now(),
      elapsed: () => performance.now(),
      setInterval: (call, ms) => setInterval(call, ms),
      clearInterval: (timer) => clearInterval(timer as number),
    });
  }

  /** Connected or on the way; `closing` counts as over. */
  get live(): boolean {
    return this.phase === 'connecting' || this.phase === 'connected';
  }

  /** Dials. What is wrong with the settings becomes the outcome. */
  connect(): void {
    if (this.live) return;
    this.#stay();
    this.#dial();
  }

  /** Ends the connection, or does not come back to one that was lost. */
  disconnect(): void {
    if (this.phase === 'disconnected' && this.returning) this.#settle({ key: 'note.stays' }, null, false);
    this.#stay();
    this.#connection.disconnect();
  }

  /** Obeys a changed setting. */
  applyReconnect(): void {
    if (!this.settings.reconnect && this.returning && !this.live) this.disconnect();
  }

  #dial(): void {
    const problem = addressProblem(this.settings.url, this.#page);
    if (problem !== null) {
      const example = serviceAddress(this.#page);
      return this.#fail({ key: `address.${problem}`, parameters: { example } }, true);
    }
    const protocols = parseProtocols(this.settings.protocols);
    if (!protocols.ok) return this.#fail({ key: 'note.protocols', parameters: { wrong: protocols.wrong } });
    this.outcome = null;
    this.#attempt++;
    this.#heartbeat.reset();
    this.#dialled = dialAddress(this.settings.url, this.settings.devUser);
    this.#note({ key: 'note.connecting', parameters: { address: withoutSecrets(this.#dialled) } });
    try {
      this.#connection.connect(this.#dialled, protocols.list);
    } catch (error) {
      this.#fail({ key: 'note.browser', parameters: { error: error instanceof Error ? error.message : String(error) } }, true);
    }
  }

  /** Sends a message of the person at the page; false when there is no connection. */
  send(text: string): boolean {
    if (!this.#transmit(text)) return false;
    this.history.add(text);
    return true;
  }

  /** Obeys changed heartbeat settings. */
  applyHeartbeat(): void {
    if (this.settings.heartbeat && this.phase === 'connected') {
      this.#heartbeat.start(this.settings.heartbeatKind, this.settings.heartbeatSeconds);
    } else {
      this.#heartbeat.stop();
    }
  }

  /** Empties the log and what this panel recorded. */
  clear(): void {
    this.log.clear();
    this.#recording.clear(this.id);
    this.#changed();
  }

  /** Ends the connection for good. */
  dispose(): void {
    this.#heartbeat.stop();
    this.#stay();
    this.#attempt++;
    this.#connection.dispose();
    this.phase = 'disconnected';
  }

  #transmit(text: string): boolean {
    if (!this.#connection.send(text)) return false;
    const at = Date.now();
    this.#row({ at, dir: 'out', text, beat: this.#heartbeat.sent(text) });
    this.#recording.add(at, 'out', this.id, text);
    return true;
  }

  #received(text: string): void {
    const at = Date.now();
    const beat = this.#heartbeat.received(text);
    if (!beat) this.unread++;
    for (const { missed, reason } of gapsOf(text)) {
      this.#note(missed < 0 ? { key: 'note.gapUnknown', parameters: { reason } } : { key: 'note.gap', parameters: { missed, reason } }, true);
    }
    this.#row({ at, dir: 'in', text, beat });
    this.#recording.add(at, 'in', this.id, text);
  }

  #entered(phase: Phase): void {
    this.phase = phase;
    if (phase === 'closing') this.outcome = { note: { key: 'note.closing' }, code: null, failed: false, address: false };
    if (phase !== 'connected') this.#heartbeat.stop();
  }

  #opened(protocol: string): void {
    this.#note(protocol === '' ? { key: 'note.connected' } : { key: 'note.connectedProtocol', parameters: { protocol } });
    this.#recording.add(Date.now(), 'open', this.id, withoutSecrets(this.#dialled));
    this.#stay();
    this.#retry.reset();
    this.applyHeartbeat();
  }

  #ended(ending: Ending): void {
    const { code, reason } = ending;
    if (!ending.opened) {
      if (ending.requested) return this.#settle({ key: 'note.cancelled' }, null, false);
      this.#settle({ key: 'note.failed' }, null, true);
      void this.#explain();
      if (this.returning) this.#return();
      return;
    }
    const note: Note = reason === '' ? { key: 'note.closed', parameters: { code } } : { key: 'note.closedReason', parameters: { code, reason } };
    this.#settle(note, code, code !== 1000 && !ending.requested);
    this.#recording.add(Date.now(), 'close', this.id, `${code} ${reason}`.trim());
    if (ending.requested || !mayComeBack(code)) return;
    if (this.settings.reconnect) this.#return();
    else if (isStateful(this.#dialled)) this.#note({ key: 'note.waits' });
  }

  #return(): void {
    this.returning = true;
    this.#note({ key: 'note.returning', parameters: { seconds: this.#retry.later() / 1000 } });
  }

  #stay(): void {
    this.#retry.cancel();
    this.returning = false;
  }

  // The reason of a refusal arrives later; another attempt may have begun by then.
  async #explain(): Promise<void> {
    const attempt = this.#attempt;
    const refusal = await refusalOf(httpAddress(this.#dialled), `${this.#page.protocol}//${this.#page.host}`);
    if (refusal === null || attempt !== this.#attempt) return;
    this.#settle({ key: 'note.refused', parameters: { status: refusal.status, text: refusal.text } }, null, true);
    if (!mayPass(refusal.status)) this.#stay();
  }

  #fail(note: Note, address = false): void {
    this.#stay(); // it would be wrong the next time, too
    this.#settle(note, null, true, address);
  }

  #settle(note: Note, code: number | null, failed: boolean, address = false): void {
    this.outcome = { note, code, failed, address };
    this.#note(note, failed);
  }

  #note(note: Note, failed = false): void {
    this.#row({ at: Date.now(), dir: 'system', note, failed });
  }

  #row(row: Partial<LogRow> & { at: number; dir: LogRow['dir'] }): void {
    this.log.add(row);
    this.#changed();
  }

  // Thousands of messages a second must not mean thousands of renderings.
  #changed(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.version++;
    });
  }
}
