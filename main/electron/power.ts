import { app, powerMonitor, powerSaveBlocker } from 'electron';
import { onEvent, type HostEventSource } from '../../app/contract/host-dispatch.ts';

/**
 * Keeps the machine awake while a job runs, and quits in order, children included, when the system shuts down.
 * Serving alone keeps nothing awake: that is for the person to decide.
 */
export function followPower(events: HostEventSource): void {
  const running = new Set<string>();
  let blocker: number | null = null;
  onEvent(events, 'job.changed', ({ id, state }) => {
    if (state.kind === 'running') running.add(id);
    else running.delete(id);
    if (running.size > 0) blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (blocker !== null) {
      powerSaveBlocker.stop(blocker);
      blocker = null;
    }
  });
  powerMonitor.on('shutdown', () => app.quit());
}
