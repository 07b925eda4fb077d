import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { app, crashReporter } from 'electron';

/**
 * Keeps crash dumps, and a line on each process that died, in `folder` on this machine. Nothing is ever uploaded. Must
 * be called before the app is ready.
 */
export function keepCrashReports(folder: string): void {
  mkdirSync(folder, { recursive: true });
  app.setPath('crashDumps', folder);
  crashReporter.start({ uploadToServer: false });
  const note = (name: string, reason: string, exitCode: number) => {
    if (reason === 'clean-exit') return;
    const line = `${new Date().toISOString()} ${name}: ${reason}, exit code ${exitCode}\n`;
    try {
      appendFileSync(join(folder, 'crashes.log'), line);
    } catch {
      process.stderr.write(line);
    }
  };
  app.on('child-process-gone', (_event, { type, serviceName, name, reason, exitCode }) =>
    note(serviceName ?? name ?? type, reason, exitCode),
  );
  app.on('render-process-gone', (_event, _contents, { reason, exitCode }) =>
    note('window', reason, exitCode),
  );
}
