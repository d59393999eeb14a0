import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Pages that are built, one folder each: src/<page>/ becomes dist/<page>/. A page is
// chosen with `vite build --mode <page>` and shares no file with another page, so each
// can be served under any path. The console will be the second entry.
const pages = ['client'];

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig(({ mode }) => {
  const page = pages.includes(mode) ? mode : 'client';
  return {
    root: path(`./src/${page}`),
    base: './',
    publicDir: false,
    cacheDir: path('./node_modules/.vite'),
    plugins: [
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
      outDir: path(`./dist/${page}`),
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
