import type { Locator, Page } from '@playwright/test';

/** How long the requests of a model took. */
export class LatencyPage {
  readonly #page: Page;
  readonly panel: Locator;
  readonly chart: Locator;
  readonly rows: Locator;
  readonly table: Locator;
  readonly details: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.panel = page.getByRole('region', { name: 'Latency', exact: true });
    this.chart = this.panel.getByRole('slider', { name: /^Latency chart/ });
    this.table = this.panel.getByRole('table', { name: 'Requests' });
    this.rows = this.table.getByRole('rowgroup').getByRole('row');
    this.details = page.getByRole('dialog', { name: /^Request \d+/ });
  }

  figure(name: 'requests' | 'failed' | 'p50' | 'p95' | 'p99' | 'rate'): Locator {
    return this.panel
      .locator('dl > div')
      .filter({ has: this.#page.locator('dt', { hasText: new RegExp(`^${name}$`) }) })
      .locator('dd');
  }

  /** How many answered requests the percentiles are made of. */
  sample(): Locator {
    return this.panel.getByText(/^\(n=/);
  }

  async openRow(number: number): Promise<void> {
    await this.table.getByRole('button', { name: `Open request ${number}`, exact: true }).click();
  }

  async closeDetails(): Promise<void> {
    await this.details.getByRole('button', { name: 'Close' }).click();
  }

  fact(name: string): Locator {
    return this.details
      .locator('dl > div')
      .filter({ has: this.#page.locator('dt', { hasText: new RegExp(`^${name}$`) }) })
      .locator('dd');
  }
}
