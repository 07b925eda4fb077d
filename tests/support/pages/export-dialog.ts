import { expect, type Download, type Locator, type Page } from '@playwright/test';

/** The dialog that writes a model repository for Triton. */
export class ExportDialog {
  readonly #page: Page;
  readonly dialog: Locator;
  readonly files: Locator;
  readonly lints: Locator;
  readonly startButton: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.dialog = page.getByRole('dialog', { name: 'Export a model repository' });
    this.files = this.dialog.getByRole('list', { name: 'Files' }).getByRole('listitem');
    this.lints = this.dialog.getByRole('region', { name: 'Checklist' }).getByRole('listitem');
    this.startButton = this.dialog.getByRole('button', { name: /^Export (model|\d+ models)$/ });
  }

  async deployTo(target: 'Cloud storage' | 'Docker Compose' | 'Kubernetes'): Promise<void> {
    await this.dialog.getByRole('combobox', { name: 'Deploy to' }).selectOption({ label: target });
  }

  async chooseRelease(tag: string): Promise<void> {
    await this.dialog.getByRole('combobox', { name: 'Triton release' }).selectOption(tag);
  }

  async setStorage(uri: string): Promise<void> {
    await this.dialog.getByRole('textbox', { name: 'Storage of the repository' }).fill(uri);
  }

  /** Uploads to an S3 server; keys as given. */
  async uploadTo(endpoint: string, accessKey: string, secretKey: string): Promise<void> {
    await this.dialog.getByRole('textbox', { name: 'S3 endpoint' }).fill(endpoint);
    await this.dialog.getByRole('textbox', { name: 'Access key' }).fill(accessKey);
    await this.dialog.getByLabel('Secret key').fill(secretKey);
    await this.dialog.getByRole('button', { name: 'Upload', exact: true }).click();
  }

  /** Shows a file that Conch will write. */
  async showText(path: string): Promise<void> {
    await this.files.getByRole('button', { name: path }).click();
  }

  /** The text of the file that is shown. */
  text(path: string): Locator {
    return this.dialog.getByRole('region', { name: `Text of ${path}` });
  }

  async chooseFormat(format: 'Folder' | 'zip' | 'tar.gz'): Promise<void> {
    await this.dialog.getByRole('radiogroup', { name: 'Format' }).getByText(format, { exact: true }).click();
  }

  async setDestination(path: string): Promise<void> {
    await this.dialog.getByRole('textbox', { name: 'Destination folder' }).fill(path);
  }

  async start(): Promise<void> {
    await this.startButton.click();
  }

  /** The path that an export into a folder says that it wrote. */
  async writtenPath(): Promise<string> {
    const alert = this.dialog.getByRole('alert').filter({ hasText: /^Exported/ });
    await expect(alert).toBeVisible();
    return (await alert.locator('.conch-mono').textContent()) ?? '';
  }

  async download(): Promise<Download> {
    const link = this.dialog.getByRole('link', { name: /^Download / });
    await expect(link).toBeVisible();
    const download = this.#page.waitForEvent('download');
    await link.click();
    return download;
  }

  async close(): Promise<void> {
    await this.dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await expect(this.dialog).toHaveCount(0);
  }
}
