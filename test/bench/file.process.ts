/** The least that a server can do: `file.process.ts FILE` sends the file to whoever asks. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { pipeline } from 'node:stream';

const file = process.argv[2] ?? '';
const { size } = statSync(file);

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': size });
  pipeline(createReadStream(file), response, () => {});
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : address;
  process.send?.({ url: `http://127.0.0.1:${port}/` });
});
process.once('disconnect', () => process.exit());
