import { Group, NativeSelect, Switch, Text, TextInput } from '@mantine/core';
import type { DeploymentChoices } from '../../app/core/deployment/deployment-facts.ts';
import {
  DEPLOYMENT_TARGETS,
  describeTarget,
  isDeploymentTarget,
  storageUriProblem,
} from '../../app/core/deployment/deployment-target.ts';
import { TRITON_RELEASES } from '../../app/core/deployment/triton-releases.ts';

interface DeploymentFormProps {
  readonly choices: DeploymentChoices;
  readonly onChange: (choices: DeploymentChoices) => void;
}

/** Where the models go, and what that place needs to know. */
export function DeploymentForm({ choices, onChange }: DeploymentFormProps) {
  const { target, release, usesGpu, storageUri } = choices;
  const { summary, storageSchemes } = describeTarget(target);
  return (
    <div>
      <Group gap="md" align="flex-end">
        <NativeSelect
          label="Deploy to"
          value={target}
          data={DEPLOYMENT_TARGETS.map((value) => ({ value, label: describeTarget(value).title }))}
          onChange={({ currentTarget: { value } }) => {
            if (isDeploymentTarget(value)) onChange({ ...choices, target: value });
          }}
        />
        <NativeSelect
          label="Triton release"
          value={release}
          data={TRITON_RELEASES.map(({ tag, version }) => ({ value: tag, label: `${tag} (${version})` }))}
          onChange={({ currentTarget }) => onChange({ ...choices, release: currentTarget.value })}
        />
        <Switch
          label="NVIDIA GPU"
          checked={usesGpu}
          mb={8}
          onChange={({ currentTarget }) => onChange({ ...choices, usesGpu: currentTarget.checked })}
        />
        {storageSchemes.length > 0 && (
          <TextInput
            style={{ flex: 1, minWidth: 260 }}
            label="Storage of the repository"
            placeholder={storageSchemes.map((scheme) => `${scheme}://…`).join('  ')}
            value={storageUri}
            error={storageUriProblem(target, storageUri)}
            onChange={({ currentTarget }) => onChange({ ...choices, storageUri: currentTarget.value })}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          />
        )}
      </Group>
      <Text size="sm" mt={6} className="conch-muted">
        {summary}
      </Text>
    </div>
  );
}
