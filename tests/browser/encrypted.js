// What becomes of the frames of an encrypted call in this page, and somebody who encrypts under another key than the
// one they gave away. Loaded after insight.js, before the page's own scripts.
(() => {
  const encrypted = (window.encrypted = { spoils: false });
  let worker = null;
  let asked = 0;

  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (order, ...rest) {
    worker = this;
    if (encrypted.spoils && order.op === 'use' && order.key) {
      const key = order.key.key.slice();
      key[0] ^= 1;
      order = { ...order, key: { ...order.key, key } };
    }
    return post.call(this, order, ...rest);
  };

  /** What the worker has done with frames so far. */
  encrypted.counts = () =>
    new Promise((resolve) => {
      const id = `counts-${++asked}`;
      worker.addEventListener('message', function listen({ data }) {
        if (data.id !== id) return;
        worker.removeEventListener('message', listen);
        resolve(data.value);
      });
      worker.postMessage({ op: 'count', id });
    });

  /** How many frames decoders were given, of everybody: pictures, and sound of so many samples each. What is made up
   * for a lost one from the next (FEC) was opened with that. */
  encrypted.given = async (samplesOfSound) => {
    let [pictures, samples] = [0, 0];
    for (const each of (await insight.peers.at(-1).getStats()).values()) {
      if (each.type !== 'inbound-rtp') continue;
      pictures += each.framesReceived ?? 0;
      if (each.kind !== 'audio') continue;
      samples += each.jitterBufferEmittedCount ?? 0;
      samples -= samplesOfSound * ((each.fecPacketsReceived ?? 0) - (each.fecPacketsDiscarded ?? 0));
    }
    return pictures + Math.floor(Math.max(samples, 0) / samplesOfSound);
  };

  /** What has come in the slots in which this person plays, and what decoders made of it. */
  encrypted.came = async (name) => {
    const person = document.querySelector(`[data-person][aria-label="${name}"]`)?.dataset.person;
    const transceivers = insight.peers.at(-1)?.getTransceivers() ?? [];
    const of = async (source) => {
      const slot = insight.state?.slots.find((each) => each.person === person && each.source === source);
      const receiver = transceivers.find(({ mid }) => slot && mid === slot.mid)?.receiver;
      const stats = [...((await receiver?.getStats())?.values() ?? [])];
      return stats.find(({ type }) => type === 'inbound-rtp') ?? {};
    };
    const [camera, microphone] = [await of('camera'), await of('microphone')];
    return {
      camera_packets: camera.packetsReceived ?? 0,
      frames: camera.framesReceived ?? 0,
      decoded: camera.framesDecoded ?? 0,
      key_frames: camera.keyFramesDecoded ?? 0,
      height: camera.frameHeight ?? 0,
      sound_packets: microphone.packetsReceived ?? 0,
      played: microphone.jitterBufferEmittedCount ?? 0,
      energy: microphone.totalAudioEnergy ?? 0,
    };
  };
})();
