import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseModelConfig } from '../../core/model-config/parse-config.ts';
import { StatusError } from '../../core/status.ts';
import { repositoryKey } from '../data-folder.ts';
import { writeFileDurably } from '../files/durable-file.ts';
import { fileFailure } from '../files/file-failure.ts';
import { isRecord, writeJsonFile } from '../files/json-file.ts';
import { createKeyedQueue } from '../files/work-queue.ts';

/** A model's config.pbtxt and its draft. */
export interface ConfigDocumentState {
  readonly text: string;
  readonly revision: number;
  readonly isSaved: boolean;
  /** Text on disk; null where there is no config.pbtxt. */
  readonly savedText: string | null;
}

/** The config documents of one model repository. Every text is on disk before a call resolves. */
export interface ConfigDocuments {
  /** Takes over what is on disk now; true where the state changed. */
  sync(model: string, modelPath: string, savedText: string | null): boolean;
  state(model: string): ConfigDocumentState | undefined;
  edit(edit: {
    model: string;
    text: string;
    revision: number;
  }): Promise<{ revision: number; isSaved: boolean }>;
  /** Replaces the text whatever its revision. */
  replace(model: string, text: string): Promise<void>;
  /** Keeps a text as the draft of a model that is there, or is about to be. */
  keepDraft(model: string, text: string): Promise<void>;
  discardDraft(model: string): Promise<void>;
  /** Moves a draft to a renamed model. */
  rename(model: string, newName: string): Promise<void>;
  forget(model: string): Promise<void>;
}

interface Document {
  path: string;
  text: string;
  revision: number;
  isSaved: boolean;
  savedText: string | null;
}

/** Whether a text is good enough to be written to config.pbtxt: it has no errors. */
export function isGoodConfig(text: string): boolean {
  return !parseModelConfig(text).diagnostics.some(({ severity }) => severity === 'error');
}

async function readDrafts(folder: string): Promise<Map<string, string>> {
  const drafts = new Map<string, string>();
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.json') || name.startsWith('.')) continue;
    try {
      const value: unknown = JSON.parse(await readFile(join(folder, name), 'utf8'));
      if (isRecord(value) && typeof value['model'] === 'string' && typeof value['text'] === 'string')
        drafts.set(value['model'], value['text']);
    } catch {
      // A draft is written durably; a file that cannot be read is none of ours.
    }
  }
  return drafts;
}

const draftFileName = (model: string): string => `${encodeURIComponent(model)}.json`;

/** Writes the draft of a model whose repository need not be open. */
export async function writeDraftFile(
  draftsFolder: string,
  draft: { readonly repository: string; readonly model: string; readonly text: string },
): Promise<void> {
  const folder = join(draftsFolder, repositoryKey(draft.repository));
  await mkdir(folder, { recursive: true });
  await writeJsonFile(join(folder, draftFileName(draft.model)), draft);
}

/** Opens the documents of a repository and finds the drafts that were left in the data folder. */
export async function openConfigDocuments(options: {
  readonly repository: string;
  readonly draftsFolder: string;
  readonly stagingFolder: string;
  readonly onChange: (model: string) => void;
  /** Told where a good text could not be written and lives on as a draft. */
  readonly onWriteFailure: (failure: StatusError) => void;
}): Promise<ConfigDocuments> {
  const folder = join(options.draftsFolder, repositoryKey(options.repository));
  await mkdir(folder, { recursive: true });
  const drafts = await readDrafts(folder);
  const documents = new Map<string, Document>();
  const inTurn = createKeyedQueue();
  const draftPath = (model: string) => join(folder, draftFileName(model));
  const find = (model: string): Document => {
    const document = documents.get(model);
    if (!document) throw new StatusError('not-found', `There is no model ${model} in this repository.`);
    return document;
  };

  const writeDraft = async (model: string, text: string) => {
    drafts.set(model, text);
    await writeDraftFile(options.draftsFolder, { repository: options.repository, model, text });
  };
  const dropDraft = async (model: string) => {
    drafts.delete(model);
    await rm(draftPath(model), { force: true });
  };
  const writeConfig = async (document: Document, text: string) => {
    const path = join(document.path, 'config.pbtxt');
    try {
      await writeFileDurably(path, text, { stagingFolder: options.stagingFolder, mode: 0o644 });
    } catch (cause) {
      throw fileFailure(cause, 'write', path);
    }
  };
  const store = async (model: string, document: Document, text: string) => {
    const isGood = isGoodConfig(text);
    if (isGood) {
      try {
        await writeConfig(document, text);
      } catch (cause) {
        if (!(cause instanceof StatusError)) throw cause;
        await writeDraft(model, text);
        Object.assign(document, { text, revision: document.revision + 1, isSaved: false });
        options.onChange(model);
        options.onWriteFailure(
          new StatusError(cause.code, `${cause.message} Your text is kept as a draft.`, { cause }),
        );
        return;
      }
      await dropDraft(model);
    } else await writeDraft(model, text);
    Object.assign(document, { text, revision: document.revision + 1, isSaved: isGood });
    if (isGood) document.savedText = text;
    options.onChange(model);
  };

  return {
    sync: (model, modelPath, savedText) => {
      const document = documents.get(model);
      if (!document) {
        const draft = drafts.get(model);
        const isDraft = draft !== undefined && draft !== savedText;
        documents.set(model, {
          path: modelPath,
          text: isDraft ? draft : (savedText ?? ''),
          revision: 1,
          isSaved: !isDraft,
          savedText,
        });
        return true;
      }
      document.path = modelPath;
      if (document.savedText === savedText) return false;
      document.savedText = savedText;
      if (document.isSaved) {
        document.text = savedText ?? '';
        document.revision += 1;
      }
      return true;
    },
    state: (model) => documents.get(model),
    edit: ({ model, text, revision }) =>
      inTurn(model, async () => {
        const document = find(model);
        if (revision !== document.revision)
          throw new StatusError(
            'already-exists',
            `The config of ${model} was changed meanwhile (revision ${document.revision}, not ${revision}).`,
          );
        await store(model, document, text);
        return { revision: document.revision, isSaved: document.isSaved };
      }),
    replace: (model, text) => inTurn(model, () => store(model, find(model), text)),
    keepDraft: (model, text) =>
      inTurn(model, async () => {
        await writeDraft(model, text);
        const document = documents.get(model);
        if (!document) return;
        Object.assign(document, { text, revision: document.revision + 1, isSaved: false });
        options.onChange(model);
      }),
    discardDraft: (model) =>
      inTurn(model, async () => {
        const document = find(model);
        await dropDraft(model);
        if (document.isSaved) return;
        Object.assign(document, {
          text: document.savedText ?? '',
          revision: document.revision + 1,
          isSaved: true,
        });
        options.onChange(model);
      }),
    rename: (model, newName) =>
      inTurn(model, async () => {
        const draft = drafts.get(model);
        if (draft !== undefined) await writeDraft(newName, draft);
        await dropDraft(model);
        documents.delete(model);
      }),
    forget: (model) =>
      inTurn(model, async () => {
        documents.delete(model);
        await dropDraft(model);
      }),
  };
}
