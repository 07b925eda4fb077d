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

/** A notification that was shown. */
export interface StandInNotification {
  readonly title: string;
  readonly body: string;
  click(): void;
}

/** The tray icon as it is now. */
export interface StandInTray {
  readonly toolTip: string;
  readonly menu: readonly Electron.MenuItemConstructorOptions[];
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
  /** Files whose drag the system took over. */
  readonly dragged: readonly string[];
  readonly notifications: readonly StandInNotification[];
  /** The tray icon; null where there is none. */
  readonly tray: () => StandInTray | null;
  readonly crashReporting: readonly Electron.CrashReporterStartOptions[];
  /** Paths that the main code set, by name: `crashDumps`, `userData`. */
  readonly paths: ReadonlyMap<string, string>;
  /** What keeps the machine awake at the moment. */
  readonly awake: ReadonlySet<string>;
  /** Says whether the person looks at the window. */
  setFocused(isFocused: boolean): void;
  /** Sends a message of the preload as a frame of that URL would; `isTop` false: a frame inside the page. */
  sendFromFrame(channel: string, content: unknown, frame: { url: string; isTop: boolean } | null): void;
  /** The system shuts down. */
  shutDown(): void;
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
  const dragged: string[] = [];
  const notifications: StandInNotification[] = [];
  const crashReporting: Electron.CrashReporterStartOptions[] = [];
  const paths = new Map<string, string>();
  const awake = new Map<number, string>();
  const power = new EventEmitter();
  let tray: { toolTip: string; menu: readonly Electron.MenuItemConstructorOptions[] } | null = null;
  let isFocused = true;
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
    startDrag({ file }: Electron.Item): void {
      dragged.push(file);
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
          if (hasQuit) return;
          this.emit('close', {});
          this.emit('closed');
          app.emit('window-all-closed');
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
    maximize(): void {}
    isMinimized(): boolean {
      return false;
    }
    isMaximized(): boolean {
      return false;
    }
    isFocused(): boolean {
      return isFocused;
    }
    getNormalBounds(): Electron.Rectangle {
      return { x: 40, y: 30, width: 1000, height: 700 };
    }
  }

  class ShownNotification extends EventEmitter {
    static isSupported(): boolean {
      return true;
    }
    readonly #options: Electron.NotificationConstructorOptions;
    constructor(options: Electron.NotificationConstructorOptions = {}) {
      super();
      this.#options = options;
    }
    show(): void {
      const { title = '', body = '' } = this.#options;
      notifications.push({ title, body, click: () => void this.emit('click') });
    }
  }

  class StandInTrayIcon extends EventEmitter {
    readonly #shown = { toolTip: '', menu: [] as readonly Electron.MenuItemConstructorOptions[] };
    constructor() {
      super();
      tray = this.#shown;
    }
    setToolTip(text: string): void {
      this.#shown.toolTip = text;
    }
    setContextMenu(next: Electron.Menu | null): void {
      this.#shown.menu = (next ?? []) as unknown as readonly Electron.MenuItemConstructorOptions[];
    }
    destroy(): void {
      tray = null;
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
      addRecentDocument: () => undefined,
      setPath: (name: string, path: string) => void paths.set(name, path),
      requestSingleInstanceLock: () => true,
      whenReady: () => Promise.resolve(),
      focus: () => undefined,
      quit,
      exit,
    }) as unknown as ElectronSurface['app'],
    BrowserWindow: StandInBrowserWindow as unknown as ElectronSurface['BrowserWindow'] &
      (new () => WindowSurface),
    crashReporter: { start: (options) => void crashReporting.push(options) },
    nativeImage: {
      createFromPath: () => {
        const image = { resize: () => image } as unknown as Electron.NativeImage;
        return image;
      },
    },
    Notification: ShownNotification as unknown as ElectronSurface['Notification'],
    powerMonitor: power as unknown as ElectronSurface['powerMonitor'],
    powerSaveBlocker: {
      start: (type) => {
        awake.set(awake.size + 1, type);
        return awake.size;
      },
      stop: (id) => awake.delete(id),
    },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    Tray: StandInTrayIcon as unknown as ElectronSurface['Tray'],
    safeStorage: {
      isEncryptionAvailable: () => true,
      getSelectedStorageBackend: () => 'gnome_libsecret',
      encryptString: (text) => Buffer.from(text, 'utf8').map((byte) => byte ^ 0x5a) as Buffer,
      decryptString: (encrypted) => Buffer.from(encrypted.map((byte) => byte ^ 0x5a)).toString('utf8'),
    },
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
      openPath: async (path) => {
        revealed.push(path);
        return '';
      },
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
    dragged,
    notifications,
    tray: () => tray,
    crashReporting,
    paths,
    get awake() {
      return new Set(awake.values());
    },
    setFocused: (next) => {
      isFocused = next;
    },
    sendFromFrame: (channel, content, frame) =>
      void ipc.emit(
        channel,
        {
          ports: [],
          sender: windows[0]?.contents,
          senderFrame: frame && { url: frame.url, parent: frame.isTop ? null : {} },
        },
        content,
      ),
    shutDown: () => void power.emit('shutdown'),
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
    receiveIpc: (page: Page, message: { channel: string; content: unknown; ports: readonly number[] }) => {
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
      const sender = windows.find(({ contents }) => contents.page === page)?.contents;
      const senderFrame = { url: toAppUrl(page.url()), parent: null };
      ipc.emit(message.channel, { ports: opened, sender, senderFrame }, message.content);
    },
    receiveData: (number: number, data: unknown) => ports.get(number)?.port.receive(data),
  };
}
