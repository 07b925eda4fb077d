import { Button, CloseButton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconInfoCircle } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { dismissNotice, useNoticesStore, type Notice } from './notices-store.ts';
import classes from './notices.module.css';

const ICONS = {
  info: IconInfoCircle,
  success: IconCircleCheck,
  warning: IconAlertTriangle,
  error: IconCircleX,
} as const;

const WORDS = { info: 'Notice', success: 'Done', warning: 'Warning', error: 'Error' } as const;

/** What the person should know now, in a corner, announced. */
export function Notices() {
  const notices = useNoticesStore((state) => state.notices);
  return (
    <section className={classes.stack} aria-label="Notices" aria-live="polite" aria-relevant="additions">
      {notices.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
    </section>
  );
}

function NoticeCard({ notice }: { readonly notice: Notice }) {
  const { id, severity, text, action, lifetimeMilliseconds } = notice;
  const [isHeld, setHeld] = useState(false);
  useEffect(() => {
    if (isHeld || !Number.isFinite(lifetimeMilliseconds)) return;
    const timer = setTimeout(() => dismissNotice(id), lifetimeMilliseconds);
    return () => clearTimeout(timer);
  }, [id, isHeld, lifetimeMilliseconds]);
  const Icon = ICONS[severity];
  return (
    <div
      className={classes.card}
      data-severity={severity}
      role={severity === 'error' ? 'alert' : 'group'}
      aria-label={WORDS[severity]}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <Icon size={18} className={classes.icon} aria-hidden />
      <span className={classes.text}>{text}</span>
      {action !== undefined && (
        <Button
          size="compact-sm"
          variant="subtle"
          onClick={() => {
            action.run();
            dismissNotice(id);
          }}
        >
          {action.label}
        </Button>
      )}
      <CloseButton size="sm" aria-label="Dismiss" onClick={() => dismissNotice(id)} />
    </div>
  );
}
