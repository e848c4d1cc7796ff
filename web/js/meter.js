// @ts-check
/**
 * How loud a microphone is, for a moving bar. Measures on this machine only; nothing is recorded or sent.
 */

/** Below this (dB of full scale) the bar is empty: a quiet room. */
const FLOOR = -60;

export class Meter {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AudioContext | null} */
  #waking = null;
  /** @type {{source: MediaStreamAudioSourceNode, analyser: AnalyserNode, samples: Float32Array<ArrayBuffer>} | null} */
  #tap = null;

  /** @param {MediaStreamTrack | null} track  null: nothing, and the audio system is let go */
  listen(track) {
    this.#tap?.source.disconnect();
    this.#tap = null;
    // Anew for each device: a Bluetooth headset has another sampling rate, which not every browser takes into the old.
    void this.#context?.close();
    this.#context = null;
    if (!track || !('AudioContext' in globalThis)) return;
    this.#context = new AudioContext({ latencyHint: 'interactive' });
    const source = this.#context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(this.#context, { fftSize: 1024 });
    source.connect(analyser);
    this.#tap = { source, analyser, samples: new Float32Array(analyser.fftSize) };
  }

  /** @returns {number} 0 to 1 */
  level() {
    if (!this.#tap || !this.#context) return 0;
    this.#wake(this.#context);
    this.#tap.analyser.getFloatTimeDomainData(this.#tap.samples);
    return loudness(this.#tap.samples);
  }

  /**
   * Some browsers start it suspended until the person has touched the page: the answer then comes with the touch. A
   * phone call leaves it interrupted.
   * @param {AudioContext} context
   */
  #wake(context) {
    if (context.state === 'running' || context.state === 'closed' || this.#waking === context) return;
    this.#waking = context;
    const woken = () => {
      this.#waking = null;
    };
    context.resume().then(woken, woken);
  }
}

/**
 * @param {Float32Array} samples  -1 to 1
 * @returns {number} 0 (the floor or less) to 1 (full scale), even steps in decibels
 */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) + 1e-12);
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR));
}
