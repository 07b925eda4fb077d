import type { ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BrowserContext, Page, Request as PageRequest, Route } from '@playwright/test';
import type * as Electron from 'electron';
import { installRendererSide, type RendererEntry } from './renderer-side.ts';
import { StandInPort } from './stand-in-port.ts';
import { forkUtilityProcess } from './stand-in-process.ts';
import type { ElectronSurface, WindowSurface } from './surface.ts';

const ROOT = new URL('../../../', import.meta.url);
const RUNS = Symbol.for('conch.electron-stand-in');
/** A scheme of the app's own becomes a secure origin that the browser can show: `conch://app/` is `https://app.conch.electron.test/`. */
const SUFFIX = '.electron.test';

type NavigateEvent = { readonly url: string; preventDefault(): void };

/** A window that the main code opened. */
export interface StandInWindow {
  readonly options: Electron.BrowserWindowConstructorOptions;
  readonly page: Promise<Page>;
}

/** The running app, as the tests see it. */
export interface ElectronStandIn {
  readonly windows: readonly StandInWindow[];
  /** Utility processes in the order of their start. */
  readonly children: readonly ChildProcess[];
  readonly openedOutside: readonly string[];
  readonly revealed: readonly string[];
  /** Requests that left the app's own origin; all were stopped. */
  readonly outbound: readonly string[];
  readonly menu: readonly Electron.MenuItemConstructorOptions[];
  /** What the next open dialogs return; an empty list is Cancel. */
  readonly dialogAnswers: string[][];
  firstPage(): Promise<Page>;
  /** What the main code's handler says to a page that asks. */
  askPermission(permission: string): Promise<boolean>;
  checkPermission(permission: string): boolean;
  /** A second start of the program with these paths. */
  startAgain(paths: readonly string[]): void;
  /** Lets a dropped file of that name have a path. */
  givePath(page: Page, fileName: string, path: string): Promise<void>;
  quit(): Promise<void>;
}

let runCount = 0;

function runsOf(global: typeof globalThis): Map<string, ElectronSurface> {
  const holder = global as { [RUNS]?: Map<string, ElectronSurface> };
  if (!holder[RUNS]) {
    holder[RUNS] = new Map();
    register(new URL('./resolve-electron.mjs', import.meta.url));
  }
  return holder[RUNS];
}

function toPageUrl(url: string): string {
  const { protocol, host, pathname, search } = new URL(url);
  return `https://${host}.${protocol.slice(0, -1)}${SUFFIX}${pathname}${search}`;
}

function toAppUrl(url: string): string {
  const match = /^https:\/\/(\w+)\.(\w+)\.electron\.test(\/.*)?$/.exec(url);
  return match ? `${match[2]}://${match[1]}${match[3] ?? ''}` : url;
}

/** Starts the built main code with a stand-in for `electron` whose windows are pages of `context`. */
export async function startElectronStandIn(
  context: BrowserContext,
  args: readonly string[],
): Promise<ElectronStandIn> {
  runCount += 1;
  const run = String(runCount);
  const standIn = createStandIn(context);
  runsOf(globalThis).set(run, standIn.surface);
  const preload = await readFile(new URL('dist/electron/preload.cjs', ROOT), 'utf8');
  await context.exposeBinding('conchStandInIpc', ({ page }, message) => standIn.receiveIpc(page, message));
  await context.exposeBinding('conchStandInPort', (_source, { port, data }) =>
    standIn.receiveData(port, data),
  );
  await context.addInitScript({
    content: `(${installRendererSide.toString()})((require, module, exports) => {${preload}\n});`,
  });
  await context.route('**/*', (route) => standIn.answer(route));
  const { argv } = process;
  process.argv = [process.execPath, fileURLToPath(ROOT), ...args];
  try {
    await import(`${pathToFileURL(fileURLToPath(new URL('dist/electron/main.mjs', ROOT))).href}?run=${run}`);
  } finally {
    process.argv = argv;
  }
  return standIn.app;
}

function createStandIn(context: BrowserContext) {
  const app = new EventEmitter();
  const ipc = new EventEmitter();
  const sessionEvents = new EventEmitter();
  const ports = new Map<number, { readonly port: StandInPort; readonly page: Page }>();
  const handlers = new Map<string, (request: Request) => Response | Promise<Response>>();
  const windows: (StandInWindow & { readonly contents: StandInContents })[] = [];
  const children: ChildProcess[] = [];
  const openedOutside: string[] = [];
  const revealed: string[] = [];
  const outbound: string[] = [];
  const dialogAnswers: string[][] = [];
  const menu: Electron.MenuItemConstructorOptions[] = [];
  let requestHandler: Parameters<Electron.Session['setPermissionRequestHandler']>[0] = null;
  let checkHandler: Parameters<Electron.Session['setPermissionCheckHandler']>[0] = null;
  let hasQuit = false;

  const exit = () => {
    hasQuit = true;
    app.emit('stand-in-exit');
  };
  const emitPreventable = (emitter: EventEmitter, name: string, facts: object = {}): boolean => {
    let isPrevented = false;
    const preventDefault = () => {
      isPrevented = true;
    };
    emitter.emit(name, { ...facts, preventDefault });
    return isPrevented;
  };
  const quit = () => {
    if (emitPreventable(app, 'before-quit') || emitPreventable(app, 'will-quit')) return;
    exit();
  };

  class StandInContents extends EventEmitter {
    page: Page | null = null;
    isLoading = false;
    openHandler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0] = () => ({ action: 'allow' });
    getURL(): string {
      return toAppUrl(this.page?.url() ?? '');
    }
    reload(): void {
      this.isLoading = true;
      void this.page?.reload();
    }
    setWindowOpenHandler(handler: typeof this.openHandler): void {
      this.openHandler = handler;
    }
  }

  class StandInBrowserWindow extends EventEmitter {
    readonly webContents = new StandInContents();
    readonly #page: Promise<Page>;
    constructor(options: Electron.BrowserWindowConstructorOptions = {}) {
      super();
      const contents = this.webContents;
      this.#page = context.newPage().then((page) => {
        contents.page = page;
        page.on('framenavigated', (frame) => {
          if (frame === page.mainFrame()) closePorts(page);
        });
        page.on('close', () => {
          closePorts(page);
          this.emit('closed');
        });
        return page;
      });
      windows.push({ options, page: this.#page, contents });
    }
    static getAllWindows() {
      return [];
    }
    static getFocusedWindow() {
      return null;
    }
    async loadURL(url: string): Promise<void> {
      const page = await this.#page;
      this.webContents.isLoading = true;
      await page.goto(toPageUrl(url), { waitUntil: 'commit' });
      this.emit('ready-to-show');
    }
    show(): void {}
    focus(): void {}
    restore(): void {}
    isMinimized(): boolean {
      return false;
    }
  }

  const closePorts = (page: Page) => {
    for (const [number, entry] of ports) {
      if (entry.page !== page) continue;
      ports.delete(number);
      entry.port.close();
    }
  };
  const contentsOf = (request: PageRequest): StandInContents | undefined => {
    try {
      const page = request.frame().page();
      return windows.find(({ contents }) => contents.page === page)?.contents;
    } catch {
      // The first request of a popup has no frame yet.
      return undefined;
    }
  };
  const mayNavigate = (request: PageRequest): boolean => {
    const contents = contentsOf(request);
    const url = toAppUrl(request.url());
    if (!contents) {
      const [opener] = windows;
      const details = { url, frameName: '', features: '' } as Electron.HandlerDetails;
      return opener?.contents.openHandler(details).action === 'allow';
    }
    const isMainFrame = request.frame().parentFrame() === null;
    if (isMainFrame && contents.isLoading) {
      contents.isLoading = false;
      return true;
    }
    const event: Pick<NavigateEvent, 'url'> = { url };
    if (emitPreventable(contents, 'will-frame-navigate', event)) return false;
    return !(isMainFrame && emitPreventable(contents, 'will-navigate', event));
  };
  const answer = async (route: Route): Promise<void> => {
    const request = route.request();
    if (request.isNavigationRequest() && !mayNavigate(request)) return route.abort('aborted');
    const { protocol } = new URL(toAppUrl(request.url()));
    const handler = handlers.get(protocol.slice(0, -1));
    if (!handler) {
      outbound.push(request.url());
      return route.abort('blockedbyclient');
    }
    const init = { method: request.method(), headers: await request.allHeaders() };
    const response = await handler(new Request(toAppUrl(request.url()), init));
    return route.fulfill({
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: Buffer.from(await response.arrayBuffer()),
    });
  };
  context.on('page', (page) => {
    void page.opener().then((opener) => opener && page.close());
  });

  const surface = {
    app: Object.assign(app, {
      isPackaged: false,
      enableSandbox: () => undefined,
      setPath: () => undefined,
      requestSingleInstanceLock: () => true,
      whenReady: () => Promise.resolve(),
      focus: () => undefined,
      quit,
      exit,
    }) as unknown as ElectronSurface['app'],
    BrowserWindow: StandInBrowserWindow as unknown as ElectronSurface['BrowserWindow'] &
      (new () => WindowSurface),
    dialog: {
      showOpenDialog: () => {
        const filePaths = dialogAnswers.shift() ?? [];
        return Promise.resolve({ canceled: filePaths.length === 0, filePaths });
      },
      showErrorBox: () => undefined,
    },
    ipcMain: ipc as unknown as ElectronSurface['ipcMain'],
    Menu: {
      buildFromTemplate: (template) => template as unknown as Electron.Menu,
      setApplicationMenu: (next) =>
        void menu.splice(0, menu.length, ...((next ?? []) as unknown as typeof menu)),
    },
    protocol: {
      registerSchemesAsPrivileged: () => undefined,
      handle: (scheme, handler) => void handlers.set(scheme, handler),
    },
    session: {
      defaultSession: Object.assign(sessionEvents, {
        setPermissionRequestHandler: (handler: typeof requestHandler) => {
          requestHandler = handler;
        },
        setPermissionCheckHandler: (handler: typeof checkHandler) => {
          checkHandler = handler;
        },
        setDevicePermissionHandler: () => undefined,
      }) as unknown as ElectronSurface['session']['defaultSession'],
    },
    shell: {
      openExternal: async (url) => void openedOutside.push(url),
      showItemInFolder: (path) => void revealed.push(path),
    },
    utilityProcess: {
      fork: (modulePath, forkArgs = [], options = {}) =>
        forkUtilityProcess(modulePath, forkArgs, options, children),
    },
  } satisfies ElectronSurface;

  const standIn: ElectronStandIn = {
    windows,
    children,
    openedOutside,
    revealed,
    outbound,
    menu,
    dialogAnswers,
    firstPage: async () => {
      while (windows.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      const page = await windows[0]?.page;
      if (!page) throw new Error('There is no window.');
      await page.waitForURL(/\.electron\.test\//, { waitUntil: 'domcontentloaded' });
      return page;
    },
    askPermission: (permission) =>
      new Promise((resolve) => {
        const contents = windows[0]?.contents as unknown as Electron.WebContents;
        requestHandler?.(contents, permission as 'media', resolve, {} as Electron.PermissionRequest);
      }),
    checkPermission: (permission) =>
      checkHandler?.(
        windows[0]?.contents as unknown as Electron.WebContents,
        permission as 'media',
        windows[0]?.contents.getURL() ?? '',
        {} as Electron.PermissionCheckHandlerHandlerDetails,
      ) ?? true,
    startAgain: (paths) =>
      void app.emit('second-instance', {}, [process.execPath, ...paths], process.cwd(), { paths }),
    givePath: (page, fileName, path) =>
      page.evaluate(
        ([name, given]) =>
          void (window as unknown as RendererEntry).conchStandInPaths.set(name ?? '', given ?? ''),
        [fileName, path],
      ),
    quit: async () => {
      if (hasQuit) return;
      const ended = once(app, 'stand-in-exit');
      quit();
      await ended;
    },
  };
  return {
    app: standIn,
    surface,
    answer,
    receiveIpc: (page: Page, message: { channel: string; ports: readonly number[] }) => {
      const opened = message.ports.map((number) => {
        const port = new StandInPort((data) => {
          page
            .evaluate(
              ([to, value]) => (window as unknown as RendererEntry).conchStandInDeliver(to as number, value),
              [number, data],
            )
            // The page may be gone by now, and its port with it.
            .catch(() => undefined);
        });
        ports.set(number, { port, page });
        return port;
      });
      ipc.emit(message.channel, { ports: opened, senderFrame: { url: toAppUrl(page.url()), parent: null } });
    },
    receiveData: (number: number, data: unknown) => ports.get(number)?.port.receive(data),
  };
}
