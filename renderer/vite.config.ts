import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));
const repository = fileURLToPath(new URL('..', import.meta.url));

/** Under `vite` (never in a build), `/?fixture` opens the UI on an in-memory host instead of a shell's. */
const fixturePage: Plugin = {
  name: 'conch-fixture-page',
  apply: 'serve',
  transformIndexHtml: {
    order: 'pre',
    handler: (html, { originalUrl }) =>
      originalUrl?.includes('?fixture') === true
        ? html.replace('./main.tsx', `/@fs/${repository.replace(/^\//, '')}tests/support/fixture-main.tsx`)
        : html,
  },
};

export default defineConfig({
  root,
  base: './',
  plugins: [react(), fixturePage],
  server: { fs: { allow: [repository] } },
  build: {
    outDir: fileURLToPath(new URL('../dist/renderer', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    chunkSizeWarningLimit: 4_000,
    reportCompressedSize: false,
  },
  worker: { format: 'es' },
});
