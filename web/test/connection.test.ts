import { beforeEach, expect, test } from 'vitest';
import { Connection, type Ending, type Phase, type SocketLike } from '../src/client/connection';

class FakeSocket implements SocketLike {
  protocol = 'chat';
  binaryType = 'blob';
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  sent: string[] = [];
  closed: (number | undefined)[] = [];
  send = (text: string) => void this.sent.push(text);
  close = (code?: number) => void this.closed.push(code);
  open = () => this.onopen?.({} as never);
}

let sockets: FakeSocket[];
let phases: Phase[];
let received: string[];
let endings: Ending[];
let protocols: string[];
let connection: Connection;

beforeEach(() => {
  [sockets, phases, received, endings, protocols] = [[], [], [], [], []];
  connection = new Connection(
    (address) => {
      if (address === 'bad') throw new SyntaxError('bad address');
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    {
      phase: (phase) => phases.push(phase),
      opened: (protocol) => protocols.push(protocol),
      received: (text) => received.push(text),
      binary: (size) => received.push(`binary ${size}`),
      ended: (ending) => endings.push(ending),
    },
  );
});

const last = () => sockets.at(-1)!;

test('a whole life', () => {
  connection.connect('ws://h', []);
  expect(connection.send('early')).toBe(false);
  last().open();
  expect(connection.send('hello')).toBe(true);
  last().onmessage?.({ data: 'hi' });
  last().onmessage?.({ data: new ArrayBuffer(3) });
  connection.disconnect();
  expect(connection.send('late')).toBe(false);
  last().onclose?.({ code: 1000, reason: '' });
  expect(phases).toEqual(['connecting', 'connected', 'closing', 'disconnected']);
  expect(protocols).toEqual(['chat']);
  expect(received).toEqual(['hi', 'binary 3']);
  expect(last().sent).toEqual(['hello']);
  expect(last().closed).toEqual([1000]);
  expect(endings).toEqual([{ code: 1000, reason: '', opened: true, requested: true }]);
});

test('the server ends it', () => {
  connection.connect('ws://h', []);
  last().open();
  last().onclose?.({ code: 4001, reason: 'taken over' });
  expect(endings).toEqual([{ code: 4001, reason: 'taken over', opened: true, requested: false }]);
  expect(connection.phase).toBe('disconnected');
});

test('an attempt that fails, and one that is cancelled', () => {
  connection.connect('ws://h', []);
  last().onclose?.({ code: 1006, reason: '' });
  connection.connect('ws://h', []);
  connection.disconnect();
  last().open(); // the handshake was faster than the wish to stop
  last().onclose?.({ code: 1006, reason: '' });
  expect(endings.map(({ opened, requested }) => ({ opened, requested }))).toEqual([
    { opened: false, requested: false },
    { opened: false, requested: true },
  ]);
  expect(phases).not.toContain('connected');
});

test('what the browser refuses is thrown and leaves it disconnected', () => {
  expect(() => connection.connect('bad', [])).toThrow('bad address');
  expect(connection.phase).toBe('disconnected');
  expect(phases).toEqual([]);
  connection.connect('ws://h', []);
  expect(connection.phase).toBe('connecting');
});

test('asking twice changes nothing', () => {
  connection.disconnect();
  connection.connect('ws://h', []);
  connection.connect('ws://h', []);
  expect(sockets).toHaveLength(1);
  connection.disconnect();
  connection.disconnect();
  expect(last().closed).toEqual([1000]);
});

test('dialling while the old socket closes leaves the old one without a voice', () => {
  connection.connect('ws://h', []);
  last().open();
  const old = last();
  connection.disconnect();
  connection.connect('ws://h', []);
  expect(old.onmessage).toBeNull();
  expect(old.onclose).toBeNull();
  last().open();
  expect(connection.phase).toBe('connected');
  expect(endings).toEqual([]);
});

test('a removed panel closes its socket silently', () => {
  connection.connect('ws://h', []);
  last().open();
  const before = phases.length;
  connection.dispose();
  expect(last().closed).toEqual([1000]);
  expect(last().onclose).toBeNull();
  expect(phases).toHaveLength(before);
});
