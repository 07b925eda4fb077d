import type { PreloadSurface } from './surface.ts';

/** How the page reaches the stand-in: bindings that Playwright exposes. */
export interface RendererBindings {
  conchStandInIpc(message: { channel: string; content: unknown; ports: readonly number[] }): void;
  conchStandInPort(message: { port: number; data: unknown }): void;
}

/** What the stand-in calls in the page. */
export interface RendererEntry {
  conchStandInDeliver(port: number, data: unknown): void;
  /** Paths of files that the tests drop, by name: a browser never tells them. */
  readonly conchStandInPaths: Map<string, string>;
}

/** A CommonJS module's body, as `require` calls it. */
export type PreloadBody = (
  require: (name: string) => unknown,
  module: { exports: object },
  exports: object,
) => void;

/**
 * Runs in the page before its scripts, as a preload does. Playwright sends it as text, so it reaches nothing outside
 * itself.
 */
export function installRendererSide(preload: PreloadBody): void {
  if (location.protocol !== 'https:') return;
  const page = window as unknown as Window & RendererBindings & RendererEntry;
  const ports = new Map<number, MessagePort>();
  const paths = new Map<string, string>();
  Object.defineProperty(page, 'conchStandInPaths', { value: paths });
  Object.defineProperty(page, 'conchStandInDeliver', {
    value: (port: number, data: unknown) => ports.get(port)?.postMessage(data),
  });
  const electron: PreloadSurface = {
    contextBridge: {
      exposeInMainWorld: (key, api) => Object.defineProperty(page, key, { value: Object.freeze(api) }),
    },
    ipcRenderer: {
      postMessage: (channel, content, transfer = []) => {
        const numbers = transfer.map((port) => {
          const number = Math.floor(Math.random() * 2 ** 48);
          ports.set(number, port);
          port.addEventListener('message', ({ data }) => page.conchStandInPort({ port: number, data }));
          return number;
        });
        page.conchStandInIpc({ channel, content, ports: numbers });
        for (const port of transfer) port.start();
      },
      send: (channel, content: unknown) => page.conchStandInIpc({ channel, content, ports: [] }),
    },
    webUtils: { getPathForFile: (file) => paths.get(file.name) ?? '' },
  };
  const require = (name: string) => {
    if (name === 'electron') return electron;
    throw new Error(`A sandboxed preload cannot require ${name}.`);
  };
  const module = { exports: {} };
  preload(require, module, module.exports);
}
