/** A server elsewhere that the person named. Nothing but its address is ever asked. */
export interface RemoteServer {
  readonly id: string;
  readonly name: string;
  /** Base URL of its HTTP endpoint: `https://triton.example.org`. */
  readonly url: string;
  /** Sent with every request; kept in plain text, so no secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** The header that carries the token. In `Authorization` a token of one word is sent as `Bearer <token>`. */
  readonly tokenHeader: string;
  /** Path of a PEM file on the host's machine: an authority that is trusted besides the usual ones. */
  readonly certificateAuthority?: string;
  /** Where its token is; `missing`: it has one, which was known only to a Conch that has ended. */
  readonly token: 'none' | 'keychain' | 'memory' | 'missing';
}

/** A remote server as the person gives it. */
export interface RemoteServerEdit extends Omit<RemoteServer, 'id' | 'token'> {
  /** Absent: a new one. */
  readonly id?: string;
  /** Absent: as it was, unless the address leads to another host now. Empty: it has none. */
  readonly token?: string;
}

/** A model of a server's repository index; only `name` for one that was never loaded. */
export interface RemoteModel {
  readonly name: string;
  readonly version?: string;
  readonly state?: string;
  readonly reason?: string;
}

/** What a remote server says of itself. */
export interface RemoteStatus {
  readonly isLive: boolean;
  readonly isReady: boolean;
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
  readonly index:
    | { readonly kind: 'told'; readonly models: readonly RemoteModel[] }
    /** The server's own words. */
    | { readonly kind: 'refused'; readonly reason: string };
}

/** What a remote server says of a model. */
export interface RemoteModelFacts {
  /** As config.pbtxt; the server's JSON where it has fields that Conch does not know. */
  readonly configText: string;
  /** The server's JSON, indented. */
  readonly metadataText: string;
}

/** What a push would send. */
export interface PushSize {
  readonly files: number;
  readonly byteSize: number;
  /** Of the request's body, in which files are written in base64. */
  readonly sentByteSize: number;
}
