// @ts-check
/**
 * The worker in which frames are encrypted and opened. What it does is `cryptor.js`'s; this is where it meets the
 * browser: RTCRtpScriptTransform brings streams by an event, the older createEncodedStreams by a message.
 */

import { Cryptor } from './cryptor.js';

const cryptor = new Cryptor({ tell: (told) => self.postMessage(told) });

self.onmessage = ({ data }) => cryptor.take(data);

// @ts-ignore  not in the types that TypeScript has of workers
self.onrtctransform = ({ transformer }) => {
  cryptor.pipe(transformer.readable, transformer.writable, transformer.options, transformer);
};
