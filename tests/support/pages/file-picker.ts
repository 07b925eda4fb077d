import { expect, type Locator, type Page } from '@playwright/test';

/** The picker of files on the shell's own machine. */
export class FilePicker {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  dialog(title: string): Locator {
    return this.#page.getByRole('dialog', { name: title });
  }

  entry(name: string): Locator {
    return this.#page.getByRole('option', { name });
  }

  /** Goes down folder by folder from the first place that the picker shows. */
  async enter(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      await this.entry(folder).dblclick();
      await expect(
        this.#page.getByRole('navigation', { name: 'Folder' }).getByRole('button', { name: folder }),
      ).toBeVisible();
    }
  }

  /** Goes to a folder of which only the path is known, by its crumbs. */
  async choose(name: string): Promise<void> {
    await this.entry(name).click();
    await this.#page.getByRole('button', { name: `Choose ${name}` }).click();
  }

  async chooseThisFolder(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Choose this folder' }).click();
  }
}
