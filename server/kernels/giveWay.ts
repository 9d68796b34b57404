/** Resolves in a task of its own, so that messages are heard before: a message to itself, which Node and browsers deliver ahead of timers. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
