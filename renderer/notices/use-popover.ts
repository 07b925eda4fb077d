import { useDisclosure } from '@mantine/hooks';
import type { KeyboardEvent } from 'react';

/**
 * A popover of plain sentences: nothing in it takes the focus, so Escape must close it from the button that opened it.
 * Spread `popover` on `Popover` and `target` on that button.
 */
export function usePopover() {
  const [opened, { toggle, close }] = useDisclosure();
  return {
    popover: { opened, onDismiss: close },
    target: {
      onClick: toggle,
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key === 'Escape') close();
      },
    },
  };
}
