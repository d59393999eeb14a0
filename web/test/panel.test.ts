import { beforeEach, expect, test, vi } from 'vitest';
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
