import { ActionIcon, Button, Kbd, SegmentedControl, Tooltip } from '@mantine/core';
import { IconPlayerPlayFilled, IconRotate2 } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import './test.css';

interface RunBarProps {
  readonly protocol: 'binary' | 'json';
  /** Why Run is not possible now; null where it is. */
  readonly blockedBecause: string | null;
  readonly isRunning: boolean;
  /** Where the server is chosen. */
  readonly destination: ReactNode;
  readonly onProtocol: (protocol: 'binary' | 'json') => void;
  readonly onRun: () => void;
  readonly onReset: () => void;
}

const KEYS = /mac/i.test(globalThis.navigator?.userAgent ?? '') ? '⌘ ↵' : 'Ctrl ↵';

/** Sends the request, chooses how it travels, and puts the form back to how it began. */
export function RunBar({
  protocol,
  blockedBecause,
  isRunning,
  destination,
  onProtocol,
  onRun,
  onReset,
}: RunBarProps) {
  return (
    <div className="run-bar">
      <Tooltip label={blockedBecause ?? `Send this request (${KEYS})`}>
        <Button
          leftSection={<IconPlayerPlayFilled size={14} aria-hidden />}
          rightSection={
            <Kbd size="xs" aria-hidden className="run-bar-keys">
              {KEYS}
            </Kbd>
          }
          aria-label="Run"
          aria-keyshortcuts="Control+Enter Meta+Enter"
          loading={isRunning}
          aria-disabled={blockedBecause !== null}
          {...(blockedBecause === null ? {} : { 'aria-describedby': 'run-blocked', 'data-disabled': true })}
          onClick={() => blockedBecause === null && onRun()}
        >
          Run
        </Button>
      </Tooltip>
      <Tooltip label="Binary: the binary tensor extension, fast and exact. JSON: what curl sends.">
        <SegmentedControl
          size="xs"
          aria-label="Protocol"
          value={protocol}
          onChange={(next) => onProtocol(next === 'json' ? 'json' : 'binary')}
          data={[
            { value: 'binary', label: 'Binary' },
            { value: 'json', label: 'JSON' },
          ]}
        />
      </Tooltip>
      {destination}
      {blockedBecause !== null && (
        <span id="run-blocked" className="run-bar-blocked">
          {blockedBecause}
        </span>
      )}
      <span className="output-card-space" />
      <Tooltip label="Reset inputs to how they began">
        <ActionIcon size={30} aria-label="Reset inputs" onClick={onReset}>
          <IconRotate2 size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </div>
  );
}
