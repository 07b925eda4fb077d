import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { announce } from '../notices/announcer.tsx';
import { copyText } from './copy-text.ts';

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, as the button's name says it: "Copy infer URL". */
  readonly label: string;
  /** Shows the label as text beside the icon. */
  readonly isLabelled?: boolean;
}

/** Copies `text` and says that it did. */
export function CopyButton({ text, label, isLabelled = false }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 1_500);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    announce('Copied');
  };
  const icon = isCopied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />;
  if (isLabelled)
    return (
      <Button variant="default" size="compact-sm" leftSection={icon} onClick={() => void copy()}>
        {isCopied ? 'Copied' : label}
      </Button>
    );
  return (
    <Tooltip label={isCopied ? 'Copied' : label}>
      <ActionIcon size="sm" aria-label={label} onClick={() => void copy()}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
