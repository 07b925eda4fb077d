import { expect, type Locator, type Page } from '@playwright/test';
import { ConfigPanel } from './config-panel.ts';
import { ExportDialog } from './export-dialog.ts';
import { HistoryPage } from './history-page.ts';
import { LatencyPage } from './latency-page.ts';
import { TestPage } from './test-page.ts';

/** Everything about one model. */
export class ModelPage {
  readonly #page: Page;
  readonly name: Locator;
  readonly state: Locator;
  readonly endpoint: Locator;
  readonly unavailable: Locator;
  readonly problem: Locator;
  readonly config: ConfigPanel;
  readonly test: TestPage;
  readonly latency: LatencyPage;
  readonly history: HistoryPage;
  readonly exports: ExportDialog;

  constructor(page: Page) {
    this.#page = page;
    this.name = page.locator('main').getByRole('heading', { level: 1 });
    this.state = page.getByRole('status', { name: 'Model state' });
    this.endpoint = page.getByRole('region', { name: 'Endpoint' });
    this.unavailable = page.getByRole('status', { name: 'Why the model is unavailable' });
    this.problem = page.getByRole('region', { name: 'Problem' });
    this.config = new ConfigPanel(page);
    this.test = new TestPage(page);
    this.latency = new LatencyPage(page);
    this.history = new HistoryPage(page);
    this.exports = new ExportDialog(page);
  }

  async openTab(name: 'Model' | 'Test' | 'History' | 'Log'): Promise<void> {
    const tab = this.#page.getByRole('tablist', { name: 'Model page' }).getByRole('tab', { name });
    await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
  }

  serveButton(): Locator {
    return this.#page.getByRole('button', { name: 'Serve model' });
  }

  reloadButton(): Locator {
    return this.#page.locator('main').getByRole('button', { name: 'Reload', exact: true });
  }

  /** Presses Serve and waits for the answer of the request that Conch sends by itself. */
  async serve(): Promise<void> {
    await this.serveButton().click();
    await this.isReady();
    await expect(this.test.result.getByRole('heading', { level: 2 })).toHaveText(
      /Your model answered|The request failed|Result/,
      { timeout: 15_000 },
    );
  }

  async isReady(): Promise<void> {
    await expect(this.state).toHaveText(/^Ready in [\d.,]+ (ms|s)$/, { timeout: 20_000 });
  }

  async openExport(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Export…' }).click();
  }

  async chooseAction(name: 'Reload' | 'Unload' | 'Rename…' | 'Delete'): Promise<void> {
    await this.#page.getByRole('button', { name: 'More actions' }).click();
    await this.#page.getByRole('menuitem', { name }).click();
  }

  /** A fact of the card by its label. */
  fact(label: string): Locator {
    return this.#page
      .getByRole('region', { name: 'About the model' })
      .locator('dl > div')
      .filter({ has: this.#page.locator('dt', { hasText: new RegExp(`^${label}$`) }) })
      .locator('dd');
  }

  /** The cells of an input or output: model side, config dims, shape that clients send. */
  signature(tensor: string): { model: Locator; configDims: Locator; wireShape: Locator; name: Locator } {
    const row = this.#page
      .getByRole('table', { name: 'Inputs and outputs' })
      .getByRole('row')
      .filter({ has: this.#page.getByTitle(tensor, { exact: true }) });
    return {
      name: row.getByRole('rowheader'),
      model: row.getByRole('cell').nth(0),
      configDims: row.getByRole('cell').nth(1),
      wireShape: row.getByRole('cell').nth(2),
    };
  }

  versionRow(version: number): Locator {
    return this.#page
      .getByRole('table', { name: 'Versions' })
      .getByRole('row')
      .filter({ has: this.#page.getByRole('rowheader', { name: String(version), exact: true }) });
  }

  async rename(name: string): Promise<void> {
    await this.chooseAction('Rename…');
    const dialog = this.#page.getByRole('dialog', { name: 'Rename model' });
    await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
    await dialog.getByRole('button', { name: 'Rename' }).click();
  }
}
