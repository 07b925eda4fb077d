/**
 * The theoretical server: node:http that reads a body and answers so many bytes as the last part of the path says.
 * Prints its port.
 */
import { createServer } from 'node:http';
import process from 'node:process';

const server = createServer((request, response) => {
  const size = Number(/(\d+)$/.exec(request.url ?? '')?.[1] ?? 0);
  request.on('data', () => undefined);
  request.once('end', () => {
    const body = Buffer.alloc(size);
    response.writeHead(200, { 'Content-Length': body.byteLength });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address) process.stdout.write(`${address.port}\n`);
});
