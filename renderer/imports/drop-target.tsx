import { IconDownload } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useHost } from '../host/host-context.tsx';
import { useCapabilities } from '../host/shell-store.ts';
import { importPaths, importTransfer, watchImports } from './import-models.ts';
import classes from './imports.module.css';

/**
 * Makes the whole window take drops, and pastes of files or of a path. A feature that takes drops itself (an input's
 * `.npy`) has the attribute `data-accepts-drop`, over which the window offers nothing, and calls `preventDefault` on the
 * drop, which then is not an import.
 */
export function DropTarget() {
  const host = useHost();
  const { droppedFilesHavePaths } = useCapabilities();
  const [isOver, setOver] = useState(false);
  useEffect(() => watchImports(host), [host]);
  useEffect(() => {
    let depth = 0;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event.dataTransfer)) return;
      depth += 1;
      setOver(!isTakenBelow(event.target));
    };
    const leave = () => {
      depth = Math.max(depth - 1, 0);
      if (depth === 0) setOver(false);
    };
    const over = (event: DragEvent) => {
      if (!carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      setOver(!isTakenBelow(event.target));
    };
    const drop = (event: DragEvent) => {
      depth = 0;
      setOver(false);
      if (event.defaultPrevented || !carriesFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer !== null) void importTransfer(host, event.dataTransfer, droppedFilesHavePaths);
    };
    const paste = (event: ClipboardEvent) => {
      if (event.clipboardData === null || event.defaultPrevented || isTextField(event.target)) return;
      if (carriesFiles(event.clipboardData))
        void importTransfer(host, event.clipboardData, droppedFilesHavePaths);
      else void importPastedPath(event.clipboardData.getData('text/plain'));
    };
    const importPastedPath = async (text: string) => {
      const path = text.trim();
      if (/^(\/|~\/|[A-Za-z]:[\\/]|file:\/\/)[^\n]+$/.test(path)) await importPaths(host, [path]);
    };
    const listeners = { dragenter: enter, dragleave: leave, dragover: over, drop, paste };
    for (const [name, listener] of Object.entries(listeners))
      window.addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners))
        window.removeEventListener(name, listener as EventListener);
    };
  }, [host, droppedFilesHavePaths]);
  if (!isOver) return null;
  return (
    <div className={classes.overlay}>
      <div className={classes.overlayCard}>
        <IconDownload size={40} aria-hidden />
        Drop to add
      </div>
    </div>
  );
}

function carriesFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes('Files') ?? false;
}

function isTakenBelow(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('[data-accepts-drop]') !== null;
}

function isTextField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.matches('input, textarea, select') ||
      target.isContentEditable ||
      target.closest('.monaco-editor') !== null)
  );
}
