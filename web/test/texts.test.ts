import { expect, test } from 'vitest';
import { browserLanguage, codeText, languages, texts, translate, type TextKey } from '../src/client/texts';

const keys = Object.keys(texts.en) as TextKey[];

test('every text exists in every language, with the same parameters', () => {
  const parameters = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const language of languages) {
    expect(Object.keys(texts[language]).sort()).toEqual([...keys].sort());
    for (const key of keys) {
      expect(texts[language][key].trim(), `${language} ${key}`).not.toBe('');
      expect(parameters(texts[language][key]), `${language} ${key}`).toEqual(parameters(texts.en[key]));
    }
  }
});

test('every text is used', async () => {
  const sources = import.meta.glob('../src/client/*.{ts,svelte}', { query: '?raw', import: 'default', eager: true });
  const code = Object.entries(sources)
    .filter(([name]) => !name.endsWith('/texts.ts'))
    .map(([, text]) => text as string)
    .join('\n');
  const built = ['address.', 'code.', 'log.dir.', 'page.theme.']; // put together from parts
  const unused = keys.filter((key) => !code.includes(`'${key}'`) && !built.some((prefix) => key.startsWith(prefix)));
  expect(unused).toEqual([]);
});

test('parameters are filled in', () => {
  expect(translate('en', 'note.closedReason', { code: 4001, reason: '$& {code}' })).toBe('Closed: 4001 · $& {code}');
  expect(translate('ru', 'note.closed')).toBe('Закрыто: {code}');
});

test('the browser chooses the language', () => {
  expect(browserLanguage(['de', 'ru-RU', 'en'])).toBe('ru');
  expect(browserLanguage(['en-US', 'ru'])).toBe('en');
  expect(browserLanguage(['de'])).toBe('en');
  expect(browserLanguage([])).toBe('en');
});

test('close codes have a meaning where there is one', () => {
  expect(codeText('en', 4001)).toContain('took this id over');
  expect(codeText('en', 4999)).toBeNull();
});
