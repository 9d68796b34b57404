/**
 * GraphQL operations that go on, over one WebSocket (the protocol `graphql-transport-ws`,
 * https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). Event streams would each keep one of the six connections that
 * a browser has to a server.
 */

export interface Subscription {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly onNext: (data: unknown) => void;
}

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/**
 * Asks for all of them. Resolves when each has been completed by the server, or `signal` is aborted.
 * @param parameters that say who asks, as headers would
 * @throws Error where the connection fails, is refused or is closed before the end
 */
export function subscribe(
  endpoint: string,
  parameters: Readonly<Record<string, string>>,
  subscriptions: readonly Subscription[],
  signal: AbortSignal,
): Promise<void> {
  const address = new URL(endpoint);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, 'graphql-transport-ws');
    const open = new Set(subscriptions.keys());
    const send = (message: Message) => socket.send(JSON.stringify(message));
    const end = (error: Error | null) => {
      signal.removeEventListener('abort', stop);
      socket.close();
      if (error === null) resolve();
      else reject(error);
    };
    const stop = () => end(null);
    signal.addEventListener('abort', stop);
    socket.addEventListener('open', () => send({ type: 'connection_init', payload: parameters }));
    socket.addEventListener('error', () => end(new Error(`${address.host} takes no WebSocket.`)));
    socket.addEventListener('close', ({ reason }) => end(new Error(reason || 'The server has closed the connection.')));
    socket.addEventListener('message', ({ data }) => {
      const { type, id, payload }: Message = JSON.parse(String(data));
      if (type === 'ping') send({ type: 'pong' });
      if (type === 'connection_ack') {
        for (const [number, { query, variables }] of subscriptions.entries()) {
          send({ type: 'subscribe', id: String(number), payload: { query, variables } });
        }
      }
      if (type === 'next') {
        const { data: answer }: { data?: unknown } = Object(payload);
        if (answer) subscriptions[Number(id)]?.onNext(answer);
      }
      if (type === 'complete' || type === 'error') {
        open.delete(Number(id));
        if (open.size === 0) end(null);
      }
    });
    if (signal.aborted) stop();
  });
}
