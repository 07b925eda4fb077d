import { nativeImage } from 'electron';
import { onEvent, type HostEventSource } from '../../app/contract/host-dispatch.ts';
import { onPageMessage } from './page-messages.ts';

/**
 * Lets a finished export be dragged out of the window. Only paths that an export job of this host wrote: the page can
 * name no other file.
 */
export function allowDragOut(events: HostEventSource, iconPath: string): void {
  const written = new Set<string>();
  onEvent(events, 'job.changed', (job) => {
    if (job.kind !== 'export' || job.state.kind !== 'done') return;
    if (job.state.outcome.kind === 'path') written.add(job.state.outcome.path);
  });
  onPageMessage('conch-drag', ({ sender }, path) => {
    if (typeof path === 'string' && written.has(path))
      sender.startDrag({ file: path, icon: nativeImage.createFromPath(iconPath).resize({ width: 64 }) });
  });
}
