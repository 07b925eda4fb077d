import { useEffect, useRef } from 'react';
import { create } from 'zustand';
import type { HostClient } from '../../app/contract/host-client.ts';
import { FilePicker } from '../files/file-picker.tsx';
import { useHost } from '../host/host-context.tsx';
import { useCapabilities, useShellStore } from '../host/shell-store.ts';
import { raiseFailure } from '../notices/notices-store.ts';
import { pickedFiles } from './dropped-files.ts';
import { importFiles, importPaths } from './import-models.ts';

type Request = 'files' | 'folder' | 'server';

const useRequest = create<{ readonly request: Request | null }>(() => ({ request: null }));

/** Opens what the shell has for choosing models on the host's machine: its own dialog, else the file picker. */
export async function chooseModels(host: HostClient): Promise<void> {
  if (!useShellStore.getState().capabilities.nativeDialogs) {
    useRequest.setState({ request: 'server' });
    return;
  }
  try {
    const { paths } = await host.call('dialog.openModels', null);
    if (paths.length > 0) await importPaths(host, paths);
  } catch (cause) {
    raiseFailure('Could not open the dialog', cause);
  }
}

/** Opens the browser's own chooser; what is chosen is uploaded. */
export function chooseUpload(kind: 'files' | 'folder'): void {
  useRequest.setState({ request: kind });
}

/** The file inputs and the picker behind {@link chooseModels} and {@link chooseUpload}; mounted once. */
export function ModelChoosers() {
  const host = useHost();
  const { nativeDialogs } = useCapabilities();
  const request = useRequest((state) => state.request);
  const filesInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (request !== 'files' && request !== 'folder') return;
    (request === 'files' ? filesInput : folderInput).current?.click();
    useRequest.setState({ request: null });
  }, [request]);
  const take = (event: React.ChangeEvent<HTMLInputElement>) => {
    const { files } = event.currentTarget;
    if (files !== null && files.length > 0) void importFiles(host, pickedFiles(files));
    event.currentTarget.value = '';
  };
  return (
    <>
      <input ref={filesInput} type="file" multiple hidden aria-label="Model files" onChange={take} />
      <input
        ref={folderInput}
        type="file"
        hidden
        aria-label="Model folder"
        onChange={take}
        {...{ webkitdirectory: '' }}
      />
      {!nativeDialogs && (
        <FilePicker
          isOpened={request === 'server'}
          title="Open from this machine"
          chooses="anything"
          onClose={() => useRequest.setState({ request: null })}
          onChoose={(path) => void importPaths(host, [path])}
        />
      )}
    </>
  );
}
