// Dawn in Node asks by `setImmediate` whether the card is done, some hundred thousand times a training: a processor is lost to the
// asking, and on the tests' card, which is software, the driver wants it. Here it asks once a millisecond, which leaves a third of the
// work. It holds in the thread of the tests; whoever calls `setImmediate` from JavaScript is served as ever.
const { setImmediate } = globalThis;

/** A bound function of JavaScript has a name. */
const isNative = (callback) => callback.name === '' && String(callback).endsWith('{ [native code] }');

globalThis.setImmediate = Object.assign(
  (callback, ...values) =>
    isNative(callback) ? setTimeout(callback, 1, ...values) : setImmediate(callback, ...values),
  setImmediate,
);
