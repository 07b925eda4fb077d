import type { ConfigPath } from '../../app/core/model-config/edit-config.ts';
import type { ModelConfig } from '../../app/core/model-config/model-config.ts';

/** Writes one value into the config's text; undefined takes the field out. */
export type SetConfigField = (path: ConfigPath, value: unknown) => void;

/** What every section of the form gets. */
export interface SectionProps {
  /** Only what is written. */
  readonly written: ModelConfig;
  /** With the server's defaults; what is written where the server would refuse it. */
  readonly effective: ModelConfig;
  readonly setField: SetConfigField;
}
