import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { finish } from './tools/finish.ts';

// Pages that are built, one folder each: src/<page>/ becomes a folder of dist/, under whose
// name it is served. A page is chosen with `vite build --mode <page>` and shares no file of
// dist with another page. src/api is the code that talks to the server, so the page at /api/
// is src/reference. The console will be the third entry.
const pages: Record<string, string> = { client: 'client', reference: 'api' };

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig(({ mode }) => {
  const page = mode in pages ? mode : 'client';
  const folder = path(`./dist/${pages[page]}`);
  return {
    root: path(`./src/${page}`),
    base: './',
    publicDir: false,
    cacheDir: path('./node_modules/.vite'),
    plugins: [
      finish(folder),
      svelte({
        configFile: false,
        compilerOptions: {
          runes: true,
          // From the content, not from the path: the build is the same in every checkout.
          cssHash: ({ hash, css }) => `s-${hash(css)}`,
        },
      }),
    ],
    build: {
      outDir: folder,
      emptyOutDir: true,
      assetsInlineLimit: 0, // the Content-Security-Policy of embed.go allows no data: URLs
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      sourcemap: false,
      license: { fileName: 'licenses.md' }, // of what is bundled, Svelte's among them
      target: ['chrome111', 'firefox114', 'safari16.4'],
    },
    server: {
      // `npm run dev` beside `tutorsocket dev`: sockets go to the real server.
      proxy: { '/services': { target: 'http://127.0.0.1:8080', ws: true } },
    },
    test: {
      root: path('./'),
      include: ['test/**/*.test.ts'],
      environment: 'node',
    },
  };
});
