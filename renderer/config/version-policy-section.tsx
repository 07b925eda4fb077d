import { Group, SegmentedControl } from '@mantine/core';
import type { SectionProps } from './section-props.ts';
import { dimsToText, parseDims } from './dims-text.ts';
import { FormSection, ParsedInput, parseWhole } from './form-parts.tsx';

type Policy = 'latest' | 'all' | 'specific';

const parseCount = parseWhole(1);

/** Which versions the server offers. */
export function VersionPolicySection({ written, setField }: SectionProps) {
  const policy = written.version_policy;
  const kind: Policy =
    policy?.all !== undefined ? 'all' : policy?.specific !== undefined ? 'specific' : 'latest';
  const choose = (next: string) => {
    if (next === 'all') setField(['version_policy'], { all: {} });
    else if (next === 'specific') setField(['version_policy'], { specific: { versions: [1] } });
    else setField(['version_policy'], undefined);
  };
  return (
    <FormSection title="Versions" field="version_policy">
      <Group gap="sm" align="flex-end">
        <SegmentedControl
          size="xs"
          aria-label="Versions that are served"
          value={kind}
          onChange={choose}
          data={[
            { value: 'latest', label: 'The newest' },
            { value: 'all', label: 'All' },
            { value: 'specific', label: 'These' },
          ]}
        />
        {kind === 'latest' && (
          <ParsedInput
            label="How many of the newest"
            width={160}
            value={policy?.latest?.num_versions ?? 1}
            toText={String}
            parse={parseCount}
            mistake="1 or more"
            onChange={(count) => setField(['version_policy'], { latest: { num_versions: count } })}
          />
        )}
        {kind === 'specific' && (
          <ParsedInput
            label="Versions"
            width={160}
            value={policy?.specific?.versions ?? []}
            toText={dimsToText}
            parse={parseVersions}
            mistake="Such as 1, 3"
            onChange={(versions) => setField(['version_policy', 'specific', 'versions'], versions)}
          />
        )}
      </Group>
    </FormSection>
  );
}

function parseVersions(text: string): readonly number[] | null {
  const versions = parseDims(text);
  return versions !== null && versions.length > 0 && versions.every((version) => version > 0)
    ? versions
    : null;
}
