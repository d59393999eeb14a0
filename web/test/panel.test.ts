import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SocketLike } from '../src/client/connection';
import { Panel } from '../src/client/panel.svelte';
import { Recording } from '../src/client/recording';
import { emptyPanel } from '../src/client/settings';

const page = { protocol: 'http:', host: 'h' };
let socket: SocketLike;
let recording: Recording;
let dialled: [string, string[]][];

beforeEach(() => {
  vi.stubGlobal('requestAnimationFrame', () => 1);
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"title":"No such service"}', { status: 404, headers: { 'Content-Type': 'application/problem+json' } })));
  recording = new Recording();
  dialled = [];
});

function panelFor(change: Partial<ReturnType<typeof emptyPanel>> = {}): Panel {
  return new Panel({ ...emptyPanel('a', 'ws://h/services/main_ws_service'), ...change }, page, recording, (address, protocols) => {
    dialled.push([address, protocols]);
    socket = { protocol: '', binaryType: '', onopen: null, onmessage: null, onclose: null, send: () => {}, close: () => {} };
    return socket;
  });
}

const rows = (panel: Panel) => panel.log.rows.map((row) => [row.dir, row.note?.key ?? row.text]);
const recorded = () =>
  recording
    .lines(() => 'a')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { dir: string; text: string })
    .map(({ dir, text }) => [dir, text]);

test('a session is logged and recorded', () => {
  const panel = panelFor({ url: 'ws://h/services/main_ws_service?access_token=SECRET', devUser: '7', protocols: 'v1' });
  panel.connect();
  socket.onopen?.({} as never);
  expect(panel.send('hello')).toBe(true);
  socket.onmessage?.({ data: 'hi' });
  socket.onclose?.({ code: 4001, reason: 'taken over' });
  expect(dialled).toEqual([['ws://h/services/main_ws_service?access_token=SECRET&X-Dev-User=7', ['v1']]]);
  expect(rows(panel)).toEqual([
    ['system', 'note.connecting'],
    ['system', 'note.connected'],
    ['out', 'hello'],
    ['in', 'hi'],
    ['system', 'note.closedReason'],
  ]);
  expect(recorded()).toEqual([
    ['open', 'ws://h/services/main_ws_service?X-Dev-User=7'],
    ['out', 'hello'],
    ['in', 'hi'],
    ['close', '4001 taken over'],
  ]);
  expect(panel.outcome).toMatchObject({ code: 4001, failed: true });
  expect(panel.unread).toBe(1);
  expect(panel.send('late')).toBe(false);
  expect(JSON.stringify(panel.log.rows)).not.toContain('SECRET');
});

test('what is wrong with the settings is said without dialling', () => {
  const panel = panelFor({ url: 'nonsense' });
  panel.connect();
  expect(panel.outcome).toMatchObject({ note: { key: 'address.malformed' }, failed: true, address: true });
  panel.settings.url = 'ws://h/s';
  panel.settings.protocols = 'a/b';
  panel.connect();
  expect(panel.outcome).toMatchObject({ note: { key: 'note.protocols' }, failed: true, address: false });
  expect(dialled).toEqual([]);
});

test('a refused attempt is explained by the server', async () => {
  const panel = panelFor({ url: 'ws://h/services/none' });
  panel.connect();
  socket.onclose?.({ code: 1006, reason: '' });
  expect(panel.outcome?.note.key).toBe('note.failed');
  await vi.waitFor(() => expect(panel.outcome?.note).toEqual({ key: 'note.refused', parameters: { status: 404, text: 'No such service' } }));
  expect(recorded()).toEqual([]);
});

test('heartbeats run while connected and are marked', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const panel = panelFor({ heartbeat: true, heartbeatSeconds: 2 });
  panel.connect();
  socket.onopen?.({} as never);
  vi.advanceTimersByTime(4000);
  expect(panel.beats.waiting).toBe(3);
  socket.onmessage?.({ data: '$ok' });
  expect(panel.beats.waiting).toBe(2);
  expect(panel.unread).toBe(0);
  expect(panel.log.rows.filter((row) => row.beat)).toHaveLength(4);
  panel.settings.heartbeat = false;
  panel.applyHeartbeat();
  panel.disconnect();
  socket.onclose?.({ code: 1000, reason: '' });
  expect(panel.outcome).toMatchObject({ code: 1000, failed: false });
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test('clearing empties log and recording of this panel', () => {
  const panel = panelFor();
  recording.add(1, 'in', 'other', 'x');
  panel.connect();
  socket.onopen?.({} as never);
  panel.clear();
  expect(panel.log.rows).toEqual([]);
  expect(recording.count(panel.id)).toBe(0);
  expect(recording.count()).toBe(1);
});

describe('a connection that was lost', () => {
  const stateful = { url: 'ws://h/services/main_ws_service?X-StatefulSocketId=1' };
  const last = (panel: Panel) => panel.log.rows.at(-1)?.note;

  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  function lose(panel: Panel, code = 1006): void {
    socket.onopen?.({} as never);
    socket.onclose?.({ code, reason: '' });
    expect(panel.phase).toBe('disconnected');
  }

  test('is come back to with the same id, until that succeeds', () => {
    const panel = panelFor({ ...stateful, reconnect: true });
    panel.connect();
    lose(panel);
    for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
      expect(last(panel)).toEqual({ key: 'note.returning', parameters: { seconds } });
      vi.advanceTimersByTime(seconds * 1000);
      expect(panel.phase).toBe('connecting');
      socket.onclose?.({ code: 1006, reason: '' });
    }
    vi.advanceTimersByTime(30_000);
    expect(dialled).toHaveLength(9);
    expect(new Set(dialled.map(([address]) => address)).size).toBe(1);
    lose(panel);
    expect(last(panel)).toEqual({ key: 'note.returning', parameters: { seconds: 1 } });
    panel.disconnect();
    expect(last(panel)).toEqual({ key: 'note.stays' });
    expect(panel.returning).toBe(false);
  });

  test.each([1000, 1008, 4001, 4003])('is over after %i', (code) => {
    const panel = panelFor({ ...stateful, reconnect: true });
    panel.connect();
    lose(panel, code);
    expect(panel.returning).toBe(false);
    expect(last(panel)?.key).toBe('note.closed');
  });

  test('is not come back to after a refusal that stays', async () => {
    const panel = panelFor({ ...stateful, reconnect: true });
    panel.connect();
    lose(panel);
    vi.advanceTimersByTime(1000);
    socket.onclose?.({ code: 1006, reason: '' });
    expect(panel.returning).toBe(true);
    await vi.waitFor(() => expect(panel.returning).toBe(false));
    expect(last(panel)?.key).toBe('note.refused');
  });

  test('is not come back to under an address that is none', () => {
    const panel = panelFor({ ...stateful, reconnect: true });
    panel.connect();
    lose(panel);
    panel.settings.url = 'nonsense';
    vi.advanceTimersByTime(1000);
    expect(panel.outcome?.note.key).toBe('address.malformed');
    expect(panel.returning).toBe(false);
  });

  test('ends the waiting when it is switched off, dialled by hand or removed', () => {
    for (const act of [
      (panel: Panel) => {
        panel.settings.reconnect = false;
        panel.applyReconnect();
      },
      (panel: Panel) => panel.connect(),
      (panel: Panel) => panel.dispose(),
    ]) {
      const panel = panelFor({ ...stateful, reconnect: true });
      panel.connect();
      lose(panel);
      act(panel);
      expect(vi.getTimerCount()).toBe(0);
      expect(panel.returning).toBe(false);
    }
  });

  test('without the setting is only told of, where an id makes it worth while', () => {
    const panel = panelFor(stateful);
    panel.connect();
    lose(panel);
    expect(last(panel)).toEqual({ key: 'note.waits' });
    const plain = panelFor();
    plain.connect();
    lose(plain);
    expect(last(plain)?.key).toBe('note.closed');
  });
});

test('gaps are told before the message that announces them', () => {
  const panel = panelFor();
  panel.connect();
  socket.onopen?.({} as never);
  const gap = (missed: number, reason: string) => `{"socket_action":"gap","socket_type":"","uid":"","missed":${missed},"reason":"${reason}"}`;
  socket.onmessage?.({ data: `[${gap(2, 'overflow')},${gap(-1, 'node_lost')},{"price":42}]` });
  socket.onmessage?.({ data: `[plain ${gap(1, 'overflow')}]` });
  socket.onmessage?.({ data: gap(1, 'overflow') });
  expect(panel.log.rows.slice(2).map((row) => row.note ?? row.text.slice(0, 6))).toEqual([
    { key: 'note.gap', parameters: { missed: 2, reason: 'overflow' } },
    { key: 'note.gapUnknown', parameters: { reason: 'node_lost' } },
    '[{"soc',
    '[plain',
    '{"sock',
  ]);
});
