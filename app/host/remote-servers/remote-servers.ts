import { randomUUID, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RemoteServer } from '../../contract/remote-server.ts';
import { StatusError } from '../../core/status.ts';
import type { EmitEvent } from '../events/host-events.ts';
import { fileFailure } from '../files/file-failure.ts';
import { isRecord, readJsonFile, writeJsonFile } from '../files/json-file.ts';
import { createQueue } from '../files/work-queue.ts';
import { createOpenInferenceClient, type OpenInferenceClient } from '../open-inference/http-client.ts';
import { checkAddress, checkHeaders } from '../open-inference/server-address.ts';
import type { Keychain } from '../shell-services.ts';

/** Headers that carry secrets, which would lie in plain text on disk. */
const SECRET_HEADERS = /^(?:authorization|proxy-authorization|cookie)$/i;
const LARGEST_ANSWER = 64 * 1024 * 1024;
const LONGEST_NAME = 100;

interface StoredServer extends Omit<RemoteServer, 'token'> {
  readonly wantsToken: boolean;
  /** By the system's keychain, base64. */
  readonly encryptedToken?: string;
}

/** The remote servers that the person named. */
export interface RemoteServers {
  /** By name. */
  list(): readonly RemoteServer[];
  /** @throws StatusError `not-found` */
  find(id: string): RemoteServer;
  /** @throws StatusError `invalid-argument` for what cannot be used, `not-found` for an unknown id. */
  save(edit: unknown): Promise<{ id: string }>;
  remove(id: string): Promise<void>;
  /** Takes back a removal of this run. @throws StatusError `not-found` */
  restore(id: string): Promise<void>;
  /**
   * A client for one use. @param silenceMilliseconds after which a request fails.
   * @throws StatusError `unavailable` where the token is not known any more.
   */
  open(id: string, silenceMilliseconds: number): Promise<OpenInferenceClient>;
  /** Resolves when all is on disk. */
  close(): Promise<void>;
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((text) => typeof text === 'string');
}

function isStored(value: unknown): value is StoredServer {
  if (!isRecord(value)) return false;
  const { id, name, url, headers, tokenHeader, certificateAuthority, wantsToken, encryptedToken } = value;
  return (
    [id, name, url, tokenHeader].every((text) => typeof text === 'string') &&
    isTexts(headers) &&
    typeof wantsToken === 'boolean' &&
    [certificateAuthority, encryptedToken].every((text) => text === undefined || typeof text === 'string')
  );
}

function isStoredList(value: unknown): value is readonly StoredServer[] {
  return Array.isArray(value) && value.every(isStored);
}

function refuse(reason: string): never {
  throw new StatusError('invalid-argument', reason);
}

function checkEdit(edit: unknown) {
  if (!isRecord(edit)) return refuse('A remote server has a name and an address.');
  const { id, name, url, headers, tokenHeader, certificateAuthority, token } = edit;
  if (typeof name !== 'string' || name.trim() === '' || name.length > LONGEST_NAME)
    return refuse('Give the server a name.');
  if (typeof url !== 'string') return refuse('Give the address of the server.');
  checkAddress(url);
  if (!isTexts(headers) || typeof tokenHeader !== 'string') return refuse('Headers are texts.');
  checkHeaders(headers);
  const secret = Object.keys(headers).find((header) => SECRET_HEADERS.test(header));
  if (secret !== undefined) return refuse(`${secret} is a secret: give it as the token.`);
  checkHeaders({ [tokenHeader]: typeof token === 'string' ? token : '' });
  if (
    (id !== undefined && typeof id !== 'string') ||
    (token !== undefined && typeof token !== 'string') ||
    (certificateAuthority !== undefined && typeof certificateAuthority !== 'string')
  )
    return refuse('Id, token and authority are texts.');
  return { id, name: name.trim(), url, headers, tokenHeader, certificateAuthority, token };
}

/** @throws StatusError where the file is not there or holds no certificate. */
async function readAuthority(path: string): Promise<string> {
  const pem = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fileFailure(cause, 'read', path);
  });
  try {
    void new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new StatusError('invalid-argument', `${path} holds no certificate in PEM form.`, { cause });
  }
}

/** Reads the list; a broken file is kept aside and said. Without a keychain tokens live in memory only. */
export async function openRemoteServers(
  file: string,
  parts: {
    readonly now: number;
    readonly keychain: Keychain | null;
    readonly emit: EmitEvent;
    readonly raise: (text: string) => void;
  },
): Promise<RemoteServers> {
  const { keychain, emit, now, raise } = parts;
  let stored: readonly StoredServer[] =
    (await readJsonFile(file, isStoredList, {
      what: 'The list of remote servers',
      now,
      onSetAside: ({ text }) => raise(text),
    })) ?? [];
  const tokens = new Map<string, string>();
  for (const { id, encryptedToken } of stored) {
    if (encryptedToken === undefined || !keychain) continue;
    try {
      tokens.set(id, keychain.decrypt(encryptedToken));
    } catch {
      // The keychain has another key now: the token is missing, and said so where it is needed.
    }
  }
  const removed = new Map<string, { readonly server: StoredServer; readonly token: string | undefined }>();
  const enqueue = createQueue();

  const shown = ({ wantsToken, encryptedToken, ...server }: StoredServer): RemoteServer => {
    if (!wantsToken) return { ...server, token: 'none' };
    if (!tokens.has(server.id)) return { ...server, token: 'missing' };
    return { ...server, token: encryptedToken === undefined ? 'memory' : 'keychain' };
  };
  const list = () => stored.map(shown).sort((one, other) => one.name.localeCompare(other.name));
  const findStored = (id: string) => {
    const server = stored.find((each) => each.id === id);
    if (!server) throw new StatusError('not-found', 'There is no such remote server any more.');
    return server;
  };
  const encrypt = (token: string | undefined) =>
    token === undefined || token === '' ? undefined : keychain?.encrypt(token);
  const put = async (next: readonly StoredServer[]) => {
    stored = next;
    emit('remotes.changed', list());
    await enqueue(() => writeJsonFile(file, stored));
  };

  return {
    list,
    find: (id) => shown(findStored(id)),
    save: async (edit) => {
      const { id: known, token: given, certificateAuthority, ...server } = checkEdit(edit);
      if (certificateAuthority !== undefined) await readAuthority(certificateAuthority);
      const last = known === undefined ? undefined : findStored(known);
      const id = last?.id ?? randomUUID();
      // A token is for the host that it was given for.
      const isSameHost = last !== undefined && new URL(last.url).origin === new URL(server.url).origin;
      const token = given ?? (isSameHost ? tokens.get(id) : undefined);
      const wantsToken = given === undefined ? (last?.wantsToken ?? false) : given !== '';
      if (token === undefined || token === '') tokens.delete(id);
      else tokens.set(id, token);
      const isKept = given === undefined && isSameHost;
      // What the keychain cannot read today it may read again: an edit of something else does not lose it.
      const encryptedToken =
        isKept && last.encryptedToken !== undefined ? last.encryptedToken : encrypt(token);
      await put([
        ...stored.filter((each) => each.id !== id),
        {
          id,
          ...server,
          wantsToken,
          ...(certificateAuthority !== undefined && { certificateAuthority }),
          ...(encryptedToken !== undefined && { encryptedToken }),
        },
      ]);
      return { id };
    },
    remove: async (id) => {
      removed.set(id, { server: findStored(id), token: tokens.get(id) });
      tokens.delete(id);
      await put(stored.filter((each) => each.id !== id));
    },
    restore: async (id) => {
      const last = removed.get(id);
      if (!last) throw new StatusError('not-found', 'There is no such remote server any more.');
      removed.delete(id);
      if (last.token !== undefined) tokens.set(id, last.token);
      await put([...stored, last.server]);
    },
    open: async (id, silenceMilliseconds) => {
      const { url, headers, tokenHeader, certificateAuthority, wantsToken, name } = findStored(id);
      const token = tokens.get(id);
      if (wantsToken && token === undefined)
        throw new StatusError(
          'unavailable',
          `The token of ${name} is not known any more: without a keychain it is kept only while Conch runs. Give it again.`,
        );
      const isBearer = /^authorization$/i.test(tokenHeader) && !token?.includes(' ');
      return createOpenInferenceClient(url, {
        timeoutMilliseconds: silenceMilliseconds,
        maxResponseBytes: LARGEST_ANSWER,
        headers: {
          ...headers,
          ...(token !== undefined && { [tokenHeader]: isBearer ? `Bearer ${token}` : token }),
        },
        ...(certificateAuthority !== undefined && {
          certificateAuthority: await readAuthority(certificateAuthority),
        }),
      });
    },
    close: () => enqueue(() => Promise.resolve()),
  };
}
