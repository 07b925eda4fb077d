import { Group, Select, Text } from '@mantine/core';
import { CONFIG_ENUMS } from '../../app/core/model-config/config-fields.ts';
import type { SectionProps } from './section-props.ts';
import { FormSection, ParsedInput, parseWhole } from './form-parts.tsx';

const KIND_WORDS = {
  KIND_AUTO: 'GPU if there is one, else CPU',
  KIND_GPU: 'GPU',
  KIND_CPU: 'CPU',
  KIND_MODEL: 'As the model says',
} as const;

const parseCount = parseWhole(1);

/** How many copies of the model answer at the same time, and on what. */
export function InstancesSection({ written, effective, setField }: SectionProps) {
  const groups = written.instance_group ?? [];
  const [own] = groups;
  const [used] = effective.instance_group ?? [];
  const set = (change: { count?: number; kind?: string }) => {
    const [field, value] = Object.entries(change)[0] ?? [];
    if (field === undefined) return;
    if (own === undefined) setField(['instance_group'], [change]);
    else setField(['instance_group', 0, field], value);
  };
  return (
    <FormSection title="Instances" field="instance_group">
      <Group gap="sm" align="flex-start">
        <ParsedInput
          label="Count"
          width={112}
          value={own?.count ?? used?.count ?? 1}
          toText={String}
          parse={parseCount}
          mistake="1 or more"
          onChange={(count) => set({ count })}
        />
        <Select
          size="xs"
          label="Runs on"
          w={240}
          allowDeselect={false}
          data={CONFIG_ENUMS['ModelInstanceGroup.Kind'].map((kind) => ({
            value: kind,
            label: KIND_WORDS[kind],
          }))}
          value={own?.kind ?? used?.kind ?? 'KIND_AUTO'}
          onChange={(kind) => kind !== null && set({ kind })}
        />
      </Group>
      {groups.length > 1 && (
        <Text size="xs" className="conch-muted">
          The first of {groups.length} instance groups; the others are in the text.
        </Text>
      )}
    </FormSection>
  );
}
