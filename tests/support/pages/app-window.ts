import { expect, type Locator, type Page } from '@playwright/test';
import { FilePicker } from './file-picker.ts';
import { HomePage } from './home-page.ts';
import { ModelPage } from './model-page.ts';

/** The whole window: what is around the page that is shown. */
export class AppWindow {
  readonly page: Page;
  readonly home: HomePage;
  readonly model: ModelPage;
  readonly picker: FilePicker;
  readonly notices: Locator;
  readonly report: Locator;
  readonly runningJobs: Locator;
  readonly serverState: Locator;
  readonly server: Locator;

  constructor(page: Page) {
    this.page = page;
    this.home = new HomePage(page);
    this.model = new ModelPage(page);
    this.picker = new FilePicker(page);
    this.notices = page.getByRole('region', { name: 'Notices' });
    this.report = page
      .getByRole('dialog')
      .filter({ has: page.getByRole('button', { name: 'Close report' }) });
    this.runningJobs = page.getByRole('region', { name: 'Running jobs' });
    this.serverState = page.getByRole('status', { name: 'Server state' });
    this.server = page.getByRole('group', { name: 'Server', exact: true });
  }

  /** Goes to the shell's address and waits for what it shows first. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.isConnected();
  }

  async isConnected(): Promise<void> {
    await expect(this.page.getByRole('heading', { level: 1 }).first()).toBeVisible();
    await expect(this.page.getByRole('status', { name: 'Connection' })).toBeEmpty();
  }

  async goHome(): Promise<void> {
    await this.page.getByRole('button', { name: 'Conch: start page' }).click();
  }

  /** A model's entry in the sidebar. */
  entry(name: string): Locator {
    return this.page
      .getByRole('navigation', { name: 'Models' })
      .getByRole('listitem')
      .filter({ has: this.page.getByTitle(name, { exact: true }) })
      .getByRole('button');
  }

  async openModel(name: string): Promise<void> {
    await this.entry(name).click();
    await expect(this.model.name).toHaveText(name);
  }

  /** Imports by path and waits for the model's page. */
  async addPath(path: string, model: string): Promise<void> {
    await this.goHome();
    await this.home.addPath(path);
    await expect(this.model.name).toHaveText(model);
  }

  /** Imports by path and serves, up to the answer of the first request. */
  async serve(path: string, model: string): Promise<void> {
    await this.addPath(path, model);
    await this.model.serve();
  }

  /**
   * Drops files or folders of this machine, as a person does with the mouse: the browser walks them itself.
   * Only Chromium's own protocol can do this.
   */
  async drop(paths: readonly string[], target?: Locator): Promise<void> {
    const box = await (target ?? this.page.locator('body')).boundingBox();
    const x = (box?.x ?? 0) + (box?.width ?? 0) / 2;
    const y = (box?.y ?? 0) + Math.min((box?.height ?? 0) / 2, 300);
    const session = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files: [...paths], dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', { type, x, y, data });
    await session.detach();
  }

  notice(text: string | RegExp): Locator {
    return this.notices.getByText(text);
  }

  async closeReport(): Promise<void> {
    await this.report.getByRole('button', { name: 'Close report' }).click();
    await expect(this.report).toHaveCount(0);
  }

  async chooseColours(scheme: 'Light' | 'Dark'): Promise<void> {
    await this.page.getByRole('button', { name: 'Colour scheme' }).click();
    await this.page.getByRole('menuitemradio', { name: scheme }).click();
    await expect(this.page.locator('html')).toHaveAttribute(
      'data-mantine-color-scheme',
      scheme.toLowerCase(),
    );
  }

  /** The server's base URL, as the top bar shows it. */
  async serverUrl(): Promise<string> {
    const shown = this.server.getByText(/^http:\/\//);
    await expect(shown).toBeVisible();
    return (await shown.textContent()) ?? '';
  }

  /** The model repository's menu. */
  async openRepositoryMenu(): Promise<void> {
    await this.page.getByRole('button', { name: /^Model repository: / }).click();
  }

  /** What the filled buttons say: the one thing to do next. */
  filledButtons(scope: Locator = this.page.locator('body')): Promise<readonly string[]> {
    return scope.evaluate((root) => {
      const sample = document.body.appendChild(document.createElement('i'));
      sample.style.backgroundColor = 'var(--mantine-primary-color-filled)';
      const accent = getComputedStyle(sample).backgroundColor;
      sample.remove();
      return [...root.querySelectorAll<HTMLElement>('button, a')]
        .filter((button) => button.checkVisibility() && getComputedStyle(button).backgroundColor === accent)
        .map((button) => button.getAttribute('aria-label') ?? button.innerText.trim());
    });
  }
}
