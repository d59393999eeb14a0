import { beforeEach, expect, test } from 'vitest';
import { beatText, clampSeconds, Heartbeat, type HeartbeatReport } from '../src/client/heartbeat';

let sent: string[];
let report: HeartbeatReport;
let clock: number;
let timers: Map<number, { call: () => void; ms: number }>;
let heartbeat: Heartbeat;

beforeEach(() => {
  sent = [];
  report = { waiting: 0, answeredAt: null, roundTrip: null };
  clock = 0;
  timers = new Map();
  let next = 1;
  heartbeat = new Heartbeat({
    send: (text) => {
      sent.push(text);
      heartbeat.sent(text); // as a panel reports everything it sends
      return true;
    },
    changed: (now) => (report = now),
    now: () => 1_700_000_000_000 + clock,
    elapsed: () => clock,
    setInterval: (call, ms) => {
      timers.set(next, { call, ms });
      return next++;
    },
    clearInterval: (timer) => timers.delete(timer as number),
  });
});

test('sends at once and then at the interval, and times the answer', () => {
  heartbeat.start('hbt', 5);
  expect(sent).toEqual(['$hbt']);
  expect([...timers.values()].map((timer) => timer.ms)).toEqual([5000]);
  expect(report.waiting).toBe(1);
  clock = 12;
  expect(heartbeat.received('$ok')).toBe(true);
  expect(report).toEqual({ waiting: 0, answeredAt: 1_700_000_000_012, roundTrip: 12 });
  [...timers.values()][0]?.call();
  expect(sent).toHaveLength(2);
});

test('a JSON ping is answered by its own pong, alone or in the array of JSON queue mode', () => {
  heartbeat.start('ping', 5);
  expect(sent).toEqual(['{"type":"ping","t":1700000000000}']);
  clock = 7;
  expect(heartbeat.received('{"type":"pong","t":1}')).toBe(true);
  expect(report.waiting).toBe(1);
  expect(heartbeat.received('[{"type":"pong","t":1700000000000}]')).toBe(true);
  expect(report).toMatchObject({ waiting: 0, roundTrip: 7 });
});

test('answers come in order, and missing ones are counted', () => {
  heartbeat.start('hbt', 5);
  clock = 5000;
  [...timers.values()][0]?.call();
  expect(report.waiting).toBe(2);
  clock = 5010;
  heartbeat.received('$ok');
  expect(report).toMatchObject({ waiting: 1, roundTrip: 5010 });
});

test('other messages are not heartbeats', () => {
  for (const text of ['$ok ', 'ok', '{"type":"pong"', '{"type":"message","text":"\\"pong\\""}', '[]', 'null', '"pong"']) {
    expect(heartbeat.received(text), text).toBe(false);
  }
  for (const text of ['$hbt ', '{"type":"ping"}', 'hbt']) expect(heartbeat.sent(text), text).toBe(false);
});

test('a beat sent by hand is timed as well', () => {
  heartbeat.sent('$hbt');
  clock = 3;
  heartbeat.received('$ok');
  expect(report.roundTrip).toBe(3);
});

test('stop ends sending, start replaces, reset forgets', () => {
  heartbeat.start('hbt', 5);
  heartbeat.start('ping', 9);
  expect([...timers.values()].map((timer) => timer.ms)).toEqual([9000]);
  heartbeat.stop();
  heartbeat.stop();
  expect(timers.size).toBe(0);
  heartbeat.received('$ok');
  expect(report.answeredAt).not.toBeNull();
  heartbeat.reset();
  expect(report).toEqual({ waiting: 0, answeredAt: null, roundTrip: null });
});

test('the interval is a whole number of seconds within reason', () => {
  expect([0, -1, 0.4, 1.6, 25, 1e9, NaN].map(clampSeconds)).toEqual([1, 1, 1, 2, 25, 3600, 25]);
});

test('texts of the beats', () => {
  expect(beatText('hbt', 5)).toBe('$hbt');
  expect(beatText('ping', 5)).toBe('{"type":"ping","t":5}');
});
