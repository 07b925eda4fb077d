import { request } from 'node:http';

/** An answer of the server to a client that is not Conch. */
export interface ClientAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one request as any program would, on a connection of its own. Rejects where the connection breaks. */
export function askServer(url: string, body?: object): Promise<ClientAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: body === undefined ? 'GET' : 'POST', agent: false, timeout: 20_000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: text === '' ? null : (JSON.parse(text) as unknown),
          }),
        );
        response.on('error', reject);
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`${url} does not answer`)));
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Asks a model for an inference in plain JSON. */
export function infer(
  serverUrl: string,
  model: string,
  inputs: readonly { name: string; datatype: string; shape: readonly number[]; data: readonly unknown[] }[],
): Promise<ClientAnswer> {
  return askServer(`${serverUrl}/v2/models/${model}/infer`, { inputs });
}
