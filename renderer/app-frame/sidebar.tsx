import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { ModelStateLabel } from '../models/state-chip.tsx';
import { useModels } from '../models/models-store.ts';
import { openHome, openModel, openRemote, useNavigationStore } from '../navigation/navigation-store.ts';
import { useRemoteServers } from '../remote/remote-store.ts';
import classes from './workbench.module.css';

/** The models of the repository with their states in words. */
export function Sidebar() {
  const models = useModels();
  const remotes = useRemoteServers();
  const { model: selected, tab, remote } = useNavigationStore();
  if (models.length === 0 && remotes.length === 0) return null;
  return (
    <div className={classes.sidebar}>
      <nav className={classes.sidebarPart} aria-label="Models">
        <div className={classes.sidebarHead}>
          <span>Models</span>
          <span>{models.length}</span>
        </div>
        <ul className={classes.models}>
          {models.map((model) => (
            <li key={model.name}>
              <button
                type="button"
                className={classes.model}
                aria-current={selected === model.name ? 'page' : undefined}
                onClick={() => openModel(model.name, selected === model.name ? tab : 'model')}
              >
                <span className={`${classes.modelName ?? ''} conch-truncate`} title={model.name}>
                  {model.name}
                </span>
                <span className={classes.modelState}>
                  <ModelStateLabel model={model} />
                </span>
              </button>
            </li>
          ))}
        </ul>
      </nav>
      {remotes.length > 0 && (
        <nav className={classes.sidebarRemotes} aria-label="Remote servers">
          <div className={classes.sidebarHead}>
            <span>Remote servers</span>
            <span>{remotes.length}</span>
          </div>
          <ul className={classes.models}>
            {remotes.map(({ id, name, url }) => (
              <li key={id}>
                <button
                  type="button"
                  className={classes.model}
                  aria-current={remote === id ? 'page' : undefined}
                  onClick={() => openRemote(id)}
                >
                  <span className={`${classes.modelName ?? ''} conch-truncate`} title={name}>
                    {name}
                  </span>
                  <span className={`${classes.modelState ?? ''} conch-truncate conch-muted`}>{url}</span>
                </button>
              </li>
            ))}
          </ul>
        </nav>
      )}
      <div className={classes.sidebarFoot}>
        <Button
          fullWidth
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={openHome}
        >
          Add model
        </Button>
      </div>
    </div>
  );
}
