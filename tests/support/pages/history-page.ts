import type { Locator, Page } from '@playwright/test';

/** Every request that was sent to a model from Conch. */
export class HistoryPage {
  readonly #page: Page;
  readonly side: Locator;
  readonly count: Locator;
  readonly entries: Locator;
  readonly details: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.side = page.getByRole('region', { name: 'History', exact: true });
    this.count = this.side.getByRole('status');
    this.entries = this.side.getByRole('listbox', { name: 'Requests' }).getByRole('option');
    this.details = page.getByRole('article', { name: 'Request' });
  }

  async search(text: string): Promise<void> {
    await this.side.getByRole('textbox', { name: 'Search the history' }).fill(text);
  }

  /** Sends this request, or all of the model, to another server and compares. */
  async compareWith(url: string, which: 'This request' | 'All saved requests'): Promise<Locator> {
    await this.details.getByRole('button', { name: 'Compare…' }).click();
    const dialog = this.#page.getByRole('dialog', { name: 'Compare with another server' });
    await dialog.getByRole('textbox', { name: 'Address of the server' }).fill(url);
    await dialog.getByRole('radiogroup', { name: 'Requests' }).getByText(which).click();
    await dialog.getByRole('button', { name: 'Compare', exact: true }).click();
    return dialog;
  }

  async openInTest(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Open in Test' }).click();
  }
}
