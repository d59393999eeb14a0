import '../client/page.css';
import { draw } from './swagger';
import './reference.css';
import { prepare } from './request';
import { textsFor, type Key } from './texts';
import { tokenOfFragment, TokenStore } from './token';

const { language, texts } = textsFor(navigator.languages);
const base = new URL('./', document.baseURI);

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no #${id}`);
  return found as T;
}

function storage(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null; // forbidden by the browser's settings
  }
}

document.documentElement.lang = language;
for (const place of document.querySelectorAll<HTMLElement>('[data-text]')) place.textContent = texts[place.dataset['text'] as Key];

// Swagger UI draws dark where its root says so.
const dark = matchMedia('(prefers-color-scheme: dark)');
const followTheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
followTheme();
dark.addEventListener('change', followTheme);

const store = new TokenStore(storage());
const given = tokenOfFragment(location.hash);
if (given !== null) {
  history.replaceState(null, '', location.pathname + location.search);
  store.value = given;
}

const field = element<HTMLInputElement>('token');
const state = element('token-state');

/** Says beside the field whether the server knows the token. */
async function tryToken(): Promise<void> {
  const token = store.value;
  let key: Key = 'token.none';
  if (token !== '') {
    try {
      const { ok } = await fetch(new URL('v1/services', base), { headers: { Authorization: `Bearer ${token}` }, cache: 'no-store' });
      key = ok ? 'token.right' : 'token.wrong';
    } catch {
      key = 'token.unknown';
    }
  }
  if (token !== store.value) return; // another one has come meanwhile
  state.textContent = texts[key];
  field.setAttribute('aria-invalid', String(key === 'token.wrong'));
}

field.value = store.value;
field.addEventListener('input', () => (store.value = field.value));
field.addEventListener('change', () => void tryToken());
element('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void tryToken();
});
void tryToken();

const reference = element('reference');
draw({
  url: new URL('v1/openapi.json', base).href,
  domNode: reference,
  requestInterceptor: (request) => prepare(request, base, store.value),
  onFailed: () => (reference.textContent = texts.failed),
});
