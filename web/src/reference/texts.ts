// Texts of the page around the reference, which is in English as the document is.

const en = {
  token: 'Admin token',
  document: 'openapi.json',
  client: 'Test client',
  'token.none': 'It is in admin.json of the data folder.',
  'token.right': '✓ accepted',
  'token.wrong': 'Not the token of this server.',
  'token.unknown': 'The server does not answer.',
  failed: 'The reference cannot be loaded. Is the server running?',
};

export type Key = keyof typeof en;

const ru: Record<Key, string> = {
  token: 'Токен администратора',
  document: 'openapi.json',
  client: 'Тестовый клиент',
  'token.none': 'Лежит в admin.json папки с данными.',
  'token.right': '✓ принят',
  'token.wrong': 'Это не токен этого сервера.',
  'token.unknown': 'Сервер не отвечает.',
  failed: 'Справочник не загрузился. Работает ли сервер?',
};

/** The texts in the first of the reader's languages that there is. */
export function textsFor(languages: readonly string[]): { language: 'en' | 'ru'; texts: Record<Key, string> } {
  for (const name of languages) {
    if (name.startsWith('ru')) return { language: 'ru', texts: ru };
    if (name.startsWith('en')) break;
  }
  return { language: 'en', texts: en };
}
