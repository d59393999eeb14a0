import { expect, test } from 'vitest';
import { isJson, prettyPieces, prettyText } from '../src/client/json';

test('lays out objects and arrays', () => {
  expect(prettyText('{"a":1,"b":[true,null],"c":{},"d":[ ],"e":"x"}')).toBe(
    '{\n  "a": 1,\n  "b": [\n    true,\n    null\n  ],\n  "c": {},\n  "d": [],\n  "e": "x"\n}',
  );
});

test('gives what JSON.stringify gives, where numbers allow', () => {
  const value = { s: 'a "quoted" \\ {,:} [x]\n\u2028', n: [-1, 1.5, 1e3], deep: [[[{ k: '' }]]], empty: [{}, []] };
  expect(prettyText(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
});

test('keeps every digit and every repeated key', () => {
  expect(prettyText('{"id":6148914691236517121,"id":1.10}')).toBe('{\n  "id": 6148914691236517121,\n  "id": 1.10\n}');
});

test('leaves other texts alone', () => {
  for (const text of ['', 'Привет', '$ok', '12', '"text"', '{"a":', '{a:1}', '[1,]']) {
    expect(isJson(text), text).toBe(false);
    expect(prettyPieces(text), text).toBeNull();
    expect(prettyText(text)).toBe(text);
  }
});

test('names the kinds for colours', () => {
  const kinds = prettyPieces('{"a":["b",-1,true]}')!.filter((piece) => piece.kind !== 'mark');
  expect(kinds).toEqual([
    { kind: 'key', text: '"a"' },
    { kind: 'string', text: '"b"' },
    { kind: 'number', text: '-1' },
    { kind: 'word', text: 'true' },
  ]);
});
