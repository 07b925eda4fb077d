import { useModels } from '../models/models-store.ts';

/** The whole window. */
export function Workbench() {
  const models = useModels();
  return <main>{models.length} models</main>;
}
