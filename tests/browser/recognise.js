// What the far end sees and hears, looked up in the page itself. Loaded before the page's own scripts.
// The known content is described in content.py.
window.recognise = {
  // The picture in the tile (a group named after the person), null while there is none.
  tile(name) {
    const groups = [...document.querySelectorAll('[role="group"]')];
    const group = groups.find((each) => each.getAttribute("aria-label") === name);
    return this.picture(group?.querySelector("video"));
  },

  // What a video element shows now, null while it shows nothing.
  picture(video) {
    if (!video || video.readyState < 2 || !video.videoWidth) return null;
    const frames = video.getVideoPlaybackQuality().totalVideoFrames;
    return { ...this.measure(video), frames, width: video.videoWidth, height: video.videoHeight };
  },

  // What is painted on a screenshot (a PNG, base64).
  async painted(screenshot) {
    const bytes = Uint8Array.from(atob(screenshot), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    return { ...this.measure(image), frames: 0, width: image.width, height: image.height };
  },

  // The mean colours of the left and right half and of the counter below them, and what it counts (null if its two
  // guard blocks are not there).
  measure(image) {
    const canvas = document.createElement("canvas");
    const width = (canvas.width = 160);
    const height = (canvas.height = 90);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0, width, height);
    const mean = (x, y, w, h) => {
      const area = [x * width, y * height, w * width, h * height].map(Math.round);
      const { data } = context.getImageData(...area);
      const sum = [0, 0, 0];
      for (let i = 0; i < data.length; i += 4) for (const c of [0, 1, 2]) sum[c] += data[i + c];
      return sum.map((value) => Math.round(value / (data.length / 4)));
    };
    const bits = Array.from({ length: 8 }, (_, n) => mean(n / 8 + 0.03, 0.75, 0.065, 0.18)[1]);
    const guarded = bits[0] - bits[7] > 100;
    const threshold = (bits[0] + bits[7]) / 2;
    return {
      left: mean(0.2, 0.2, 0.2, 0.35),
      right: mean(0.6, 0.2, 0.2, 0.35),
      lower: mean(0.1, 0.75, 0.8, 0.18),
      counter: guarded ? bits.slice(1, 7).reduce((value, bit) => value * 2 + (bit > threshold ? 1 : 0), 0) : null,
    };
  },

  // When which button was pressed and when the first frame of each tile was there, in milliseconds since 1970.
  presses: {},
  firstFrames: {},
  async firstFrame(name) {
    while (!(name in this.firstFrames)) await new Promise((resolve) => setTimeout(resolve, 20));
    return this.firstFrames[name];
  },
  // Resolves when the page has nothing to do but to show pictures.
  async settled() {
    for (let i = 0; i < 10; i++) await new Promise((resolve) => requestIdleCallback(resolve));
  },
  forgetTimes() {
    this.presses = {};
    this.firstFrames = {};
  },
  watchTimes() {
    const since1970 = (time) => performance.timeOrigin + time;
    addEventListener(
      "click",
      (event) => {
        const button = event.target.closest?.("button");
        const name = button?.getAttribute("aria-label") ?? button?.textContent.trim();
        if (name) this.presses[name] = since1970(event.timeStamp);
      },
      true,
    );
    const watched = new WeakSet();
    const watch = (video) => {
      if (watched.has(video)) return;
      watched.add(video);
      // once it is known nothing more is asked for: looking at every frame would slow down what is measured
      const frame = (now, { presentationTime }) => {
        const name = video.closest('[role="group"]')?.getAttribute("aria-label");
        if (name) this.firstFrames[name] ??= since1970(presentationTime);
        else video.requestVideoFrameCallback(frame);
      };
      video.requestVideoFrameCallback(frame);
    };
    new MutationObserver(() => document.querySelectorAll('[role="group"] video').forEach(watch)).observe(document, {
      childList: true,
      subtree: true,
    });
  },

  // Every track that this page has opened on a camera, a microphone or a screen.
  opened: [],
  watchDevices() {
    const devices = navigator.mediaDevices;
    for (const name of ["getUserMedia", "getDisplayMedia"]) {
      const open = devices?.[name].bind(devices);
      if (open) devices[name] = async (...wishes) => {
        const stream = await open(...wishes);
        this.opened.push(...stream.getTracks());
        return stream;
      };
    }
  },

  // Every peer connection that this page has made.
  connections: [],
  watchConnections() {
    const { connections } = this;
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(...settings) {
        super(...settings);
        connections.push(this);
      }
    };
  },

  // What comes out of the loudspeaker for so many milliseconds: for each playing element with sound its loudest
  // pitch in Hz and how loud that was in dB. Recorded and decoded again, because an AnalyserNode wants a sound
  // card, which Firefox on a test machine does not have.
  async sounds(milliseconds) {
    const playing = [...document.querySelectorAll("audio, video")].filter(
      ({ muted, paused, volume, srcObject }) =>
        !muted && !paused && volume > 0 && srcObject?.getAudioTracks().some((track) => track.readyState === "live"),
    );
    return Promise.all(playing.map((element) => this.sound(element.srcObject.getAudioTracks(), milliseconds)));
  },

  async sound(tracks, milliseconds) {
    const recorder = new MediaRecorder(new MediaStream(tracks));
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    recorder.stop();
    await stopped;
    const rate = 16_000;
    const bytes = await new Blob(parts).arrayBuffer();
    const silence = { pitch: 0, loudness: -120 };
    if (!bytes.byteLength) return silence;
    let sound;
    try {
      sound = await new OfflineAudioContext(1, rate, rate).decodeAudioData(bytes);
    } catch {
      return silence; // a recording in which nothing ever arrived has no sound in it
    }
    const samples = sound.getChannelData(0);
    let loudest = { pitch: 0, power: 0 };
    for (let pitch = 200; pitch <= 2000; pitch += 10) {
      const power = this.power(samples, pitch / rate);
      if (power > loudest.power) loudest = { pitch, power };
    }
    return { pitch: loudest.pitch, loudness: Math.max(-120, Math.round(10 * Math.log10(loudest.power || 1e-12))) };
  },

  // Goertzel: how much of one frequency (a fraction of the sampling rate) is in the samples; 1 is a full-scale square.
  power(samples, frequency) {
    const turn = 2 * Math.cos(2 * Math.PI * frequency);
    let [last, before] = [0, 0];
    for (const sample of samples) [last, before] = [sample + turn * last - before, last];
    return (4 * (last * last + before * before - turn * last * before)) / (samples.length * samples.length || 1);
  },
};
window.recognise.watchDevices();
window.recognise.watchConnections();
window.recognise.watchTimes();
