import { expect, type Locator, type Page } from '@playwright/test';

/** The empty window: every way to get a model in. */
export class HomePage {
  readonly #page: Page;
  readonly title: Locator;
  readonly path: Locator;
  readonly samples: Locator;
  readonly recents: Locator;
  readonly machine: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.title = page.getByRole('heading', { name: 'Drop a model, a folder or a model repository' });
    this.path = page.getByRole('textbox', { name: 'Path of a model or repository' });
    this.samples = page.getByRole('button', { name: /^Try / });
    this.recents = page.getByRole('region', { name: 'Recent repositories' }).getByRole('button');
    this.machine = page.getByRole('region', { name: 'This machine' });
  }

  async addPath(path: string): Promise<void> {
    await this.path.fill(path);
    await this.#page.getByRole('button', { name: 'Add path' }).click();
  }

  async trySample(title: string): Promise<void> {
    await this.#page.getByRole('button', { name: `Try ${title}` }).click();
  }

  /** Opens the picker of the shell's machine. */
  async openPicker(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Open…' }).click();
  }

  /** Chooses files in the browser's own dialog, which uploads them. */
  async uploadFiles(paths: readonly string[]): Promise<void> {
    await this.#choose('Files…', paths);
  }

  async uploadFolder(path: string): Promise<void> {
    await this.#choose('A folder…', [path]);
  }

  async #choose(item: string, paths: readonly string[]): Promise<void> {
    await this.#page.getByRole('button', { name: 'Upload' }).click();
    const chooser = this.#page.waitForEvent('filechooser');
    await this.#page.getByRole('menuitem', { name: item }).click();
    await (await chooser).setFiles([...paths]);
  }

  /** Opens a chip of the machine, gives what it says, and closes it with Escape. */
  async chipText(name: 'CPU' | 'GPU' | 'Docker'): Promise<string> {
    const chip = this.machine.getByRole('button', { name: new RegExp(`^${name}`) });
    await chip.click();
    const popover = this.#page.getByRole('dialog', { name: new RegExp(`^${name}`) });
    await expect(popover).toBeVisible();
    const text = await popover.innerText();
    await chip.press('Escape');
    await expect(popover).toBeHidden();
    return text;
  }
}
