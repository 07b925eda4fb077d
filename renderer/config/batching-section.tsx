import { Group, Switch, Text } from '@mantine/core';
import type { SectionProps } from './section-props.ts';
import { dimsToText, parseDims } from './dims-text.ts';
import { FormSection, ParsedInput, parseWhole } from './form-parts.tsx';

const parseBatch = parseWhole(0);

/** How many requests may be answered together, and how long one waits for company. */
export function BatchingSection({ written, setField }: SectionProps) {
  const maxBatchSize = written.max_batch_size ?? 0;
  const dynamic = written.dynamic_batching;
  return (
    <FormSection title="Batching" field="max_batch_size, dynamic_batching">
      <Group align="flex-start" gap="sm" wrap="nowrap">
        <ParsedInput
          label="Largest batch"
          width={124}
          value={maxBatchSize}
          toText={String}
          parse={parseBatch}
          mistake="0 or more"
          onChange={(value) => setField(['max_batch_size'], value)}
        />
        <Text size="xs" className="conch-muted" mt={24}>
          {maxBatchSize > 0
            ? `Requests carry a batch of up to ${maxBatchSize}: clients send one more dim, in front of the config's dims.`
            : 'No batch dimension: clients send exactly the dims of the config.'}
        </Text>
      </Group>
      <Switch
        size="sm"
        label="Answer waiting requests together (dynamic batching)"
        checked={dynamic !== undefined}
        disabled={maxBatchSize < 1}
        onChange={(event) => setField(['dynamic_batching'], event.currentTarget.checked ? {} : undefined)}
      />
      {dynamic !== undefined && (
        <Group align="flex-start" gap="sm">
          <ParsedInput
            label="Preferred batch sizes"
            value={dynamic.preferred_batch_size ?? []}
            toText={dimsToText}
            parse={parseSizes}
            mistake="Whole numbers, such as 4, 8"
            placeholder="any"
            onChange={(sizes) =>
              setField(['dynamic_batching', 'preferred_batch_size'], sizes.length === 0 ? undefined : sizes)
            }
          />
          <ParsedInput
            label="Longest wait (µs)"
            width={140}
            value={dynamic.max_queue_delay_microseconds ?? 0}
            toText={String}
            parse={parseBatch}
            mistake="0 or more"
            onChange={(delay) =>
              setField(['dynamic_batching', 'max_queue_delay_microseconds'], delay === 0 ? undefined : delay)
            }
          />
        </Group>
      )}
    </FormSection>
  );
}

function parseSizes(text: string): readonly number[] | null {
  const sizes = parseDims(text);
  return sizes?.every((size) => size > 0) === true ? sizes : null;
}
