import { expect, test } from 'vitest';
import { Recording, recordingName } from '../src/client/recording';

const lines = (text: string) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as unknown);

test('writes JSON lines with time since the first one', () => {
  const recording = new Recording();
  recording.add(1000, 'open', 'p1', 'ws://h/s');
  recording.add(1002.4, 'out', 'p2', 'a\n"b"');
  recording.add(1500, 'in', 'p1', 'Привет');
  recording.add(900, 'close', 'p1', '1000'); // the wall clock was set back
  const names: Record<string, string> = { p1: '111', p2: '222' };
  const text = recording.lines((panel) => names[panel] ?? null);
  expect(text.endsWith('\n')).toBe(true);
  expect(lines(text)).toEqual([
    { t: 0, dir: 'open', socket: '111', text: 'ws://h/s' },
    { t: 2, dir: 'out', socket: '222', text: 'a\n"b"' },
    { t: 500, dir: 'in', socket: '111', text: 'Привет' },
    { t: 0, dir: 'close', socket: '111', text: '1000' },
  ]);
});

test('one panel alone begins at zero; unknown panels are left out', () => {
  const recording = new Recording();
  recording.add(1000, 'in', 'p1', 'a');
  recording.add(3000, 'in', 'p2', 'b');
  expect(lines(recording.lines((panel) => (panel === 'p2' ? '222' : null)))).toEqual([{ t: 0, dir: 'in', socket: '222', text: 'b' }]);
  expect(recording.lines(() => null)).toBe('');
});

test('clears one panel', () => {
  const recording = new Recording();
  recording.add(1, 'in', 'p1', 'a');
  recording.add(2, 'in', 'p2', 'b');
  recording.clear('p1');
  expect([recording.count(), recording.count('p1'), recording.count('p2')]).toEqual([1, 0, 1]);
});

test('drops the oldest beyond its limits', () => {
  const counted = new Recording({ entries: 10, size: 1000 });
  for (let at = 0; at < 25; at++) counted.add(at, 'in', 'p', `${at}`);
  expect(counted.count()).toBeLessThanOrEqual(10);
  expect(lines(counted.lines(() => 'x')).at(-1)).toMatchObject({ text: '24' });

  const sized = new Recording({ entries: 100, size: 50 });
  for (let at = 0; at < 10; at++) sized.add(at, 'in', 'p', 'x'.repeat(20));
  expect(sized.count()).toBe(2);
  sized.add(11, 'in', 'p', 'y'.repeat(500)); // larger than the limit alone: still the newest
  expect(sized.count()).toBe(1);
});

test('names the file after time and panel', () => {
  const at = new Date(2026, 0, 31, 12, 5, 30).getTime();
  expect(recordingName(at, 'main 123')).toBe('tutorsocket-20260131-120530-main-123.jsonl');
  expect(recordingName(at, '../группа')).toBe('tutorsocket-20260131-120530-..-группа.jsonl');
  expect(recordingName(at, '///')).toBe('tutorsocket-20260131-120530-socket.jsonl');
});
