import { IconPlugConnectedX } from '@tabler/icons-react';
import { useShellStore } from '../host/shell-store.ts';
import classes from './workbench.module.css';

/** Says that the host is out of reach; what is typed meanwhile is kept and sent when it is back. */
export function ConnectionBanner() {
  const connection = useShellStore((state) => state.connection);
  const isLost = connection.kind === 'disconnected';
  return (
    <div role="status" aria-label="Connection">
      {isLost && (
        <p className={classes.banner}>
          <IconPlugConnectedX size={16} aria-hidden />
          The connection to Conch is lost. Reconnecting… Nothing that you type is lost.
        </p>
      )}
    </div>
  );
}
