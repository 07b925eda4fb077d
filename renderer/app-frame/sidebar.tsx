import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { ModelStateLabel } from '../models/state-chip.tsx';
import { useModels } from '../models/models-store.ts';
import { openHome, openModel, useNavigationStore } from '../navigation/navigation-store.ts';
import classes from './workbench.module.css';

/** The models of the repository with their states in words. */
export function Sidebar() {
  const models = useModels();
  const { model: selected, tab } = useNavigationStore();
  if (models.length === 0) return null;
  return (
    <nav className={classes.sidebar} aria-label="Models">
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
    </nav>
  );
}
