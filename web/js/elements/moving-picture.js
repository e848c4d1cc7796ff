/**
 * A picture that never stands still and is hard to compress, for measuring a connection without anybody's camera.
 *
 * Not here: what it is sent through (`check/measure.js`).
 */

import { h } from '../view.js';

const WIDTH = 640;
const HEIGHT = 360;
const FRAME_RATE = 30;
/** Pixels. Smaller patches cost more to draw and to encode, larger ones do not fill the bits that are asked for. */
const PATCH = 8;

/** @returns {{track: MediaStreamTrack, stop: () => void}} */
export function movingPicture() {
  const canvas = h('canvas', { width: WIDTH, height: HEIGHT });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false }));
  const draw = () => {
    for (let y = 0; y < HEIGHT; y += PATCH) {
      for (let x = 0; x < WIDTH; x += PATCH) {
        const grey = Math.floor(Math.random() * 256);
        context.fillStyle = `rgb(${grey} ${(grey * 7) % 256} ${(grey * 13) % 256})`;
        context.fillRect(x, y, PATCH, PATCH);
      }
    }
  };
  draw();
  // a timer and not an animation frame: those stop where the page is not painted
  const timer = setInterval(draw, 1000 / FRAME_RATE);
  const [track] = canvas.captureStream(FRAME_RATE).getVideoTracks();
  return {
    track,
    stop() {
      clearInterval(timer);
      track.stop();
    },
  };
}
