import { Wordmark } from '../brand/conch-mark.tsx';
import { JobsIndicator } from '../jobs/jobs-indicator.tsx';
import { openHome } from '../navigation/navigation-store.ts';
import { ServerStrip } from '../server/server-strip.tsx';
import { ColorSchemeMenu } from '../settings/color-scheme-menu.tsx';
import { WorkspaceMenu } from '../workspace/workspace-menu.tsx';
import classes from './workbench.module.css';

/** Mark, model repository, server, running work, colours. */
export function TopBar() {
  return (
    <section className={classes.top} aria-label="Workbench bar">
      <button type="button" className={classes.home} onClick={openHome} aria-label="Conch: start page">
        <Wordmark />
      </button>
      <span className={classes.divider} aria-hidden />
      <WorkspaceMenu />
      <span className={classes.spacer} />
      <JobsIndicator />
      <ServerStrip />
      <ColorSchemeMenu />
    </section>
  );
}
