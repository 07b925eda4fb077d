import { ActionIcon, Menu } from '@mantine/core';
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import type { Settings } from '../../app/contract/snapshot.ts';
import { useHost } from '../host/host-context.tsx';
import { raiseFailure } from '../notices/notices-store.ts';
import { useSettings } from './settings-store.ts';

const SCHEMES = [
  { value: 'auto', label: 'As the system', Icon: IconDeviceDesktop },
  { value: 'light', label: 'Light', Icon: IconSun },
  { value: 'dark', label: 'Dark', Icon: IconMoon },
] as const;

/** Chooses the colour scheme. */
export function ColorSchemeMenu() {
  const host = useHost();
  const current = useSettings()?.colorScheme ?? 'auto';
  const { Icon } = SCHEMES.find(({ value }) => value === current) ?? SCHEMES[0];
  const choose = (colorScheme: Settings['colorScheme']) => {
    host
      .call('settings.update', { colorScheme })
      .catch((cause: unknown) => raiseFailure('Could not keep the colour scheme', cause));
  };
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon size="lg" aria-label="Colour scheme">
          <Icon size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={current} onChange={(value) => choose(schemeOf(value))}>
          {SCHEMES.map(({ value, label, Icon: SchemeIcon }) => (
            <Menu.RadioItem
              key={value}
              value={value}
              closeMenuOnClick
              rightSection={<SchemeIcon size={16} aria-hidden />}
            >
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}

function schemeOf(value: string): Settings['colorScheme'] {
  return SCHEMES.find((scheme) => scheme.value === value)?.value ?? 'auto';
}
