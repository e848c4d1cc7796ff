// A camera, a microphone and a screen whose content is known: pictures that say whose they are and carry a number, and
// that flash each second with a beep. Numbers count a clock that all pages share, so they go on after a reload, and
// tell when a picture was made. Loaded before the page's own scripts; `window.known` says whose page it is.
// How it is all read again is in film.py.
{
  const { epoch, camera, screen, pitch, late } = window.known; // `late`: pictures after the full second, of the flash
  const RATE = 30; // numbers a second
  const LIT = 3; // pictures of a flash: 100 ms, as long as a beep
  const [COLUMNS, ROWS] = [8, 3];
  const UPPER = 0.6; // of the height, for the blocks of the number; below them is what flashes

  // How late the page itself was with its flashes and beeps, by their first number, in milliseconds.
  const own = (window.known.own = { flashes: {}, beeps: {} });

  const now = () => performance.timeOrigin + performance.now();

  // 3 bits for whose it is, 13 for the number, 8 to tell whether it was read right (CRC-8, 0x07).
  const code = (source, number) => {
    const value = (source << 13) | (number & 0x1fff);
    let check = 0;
    for (const byte of [value >> 8, value & 255]) {
      check ^= byte;
      for (let bit = 0; bit < 8; bit++) check = check & 128 ? ((check << 1) ^ 7) & 255 : check << 1;
    }
    return (value << 8) | check;
  };

  const canvas = (width, height) => Object.assign(document.createElement("canvas"), { width, height });

  const paint = (on, source, number, lit) => {
    const context = on.getContext("2d");
    const [wide, high] = [on.width / COLUMNS, (on.height * UPPER) / ROWS];
    const bits = code(source, number);
    for (let block = 0; block < COLUMNS * ROWS; block++) {
      context.fillStyle = (bits >> (COLUMNS * ROWS - 1 - block)) & 1 ? "#fff" : "#000";
      context.fillRect((block % COLUMNS) * wide, Math.floor(block / COLUMNS) * high, wide, high);
    }
    context.fillStyle = lit ? "#fff" : "#222";
    context.fillRect(0, on.height * UPPER, on.width, on.height);
  };

  const cameraCanvas = canvas(640, 360);
  const screenCanvas = canvas(960, 540);
  let painted = -1;
  const show = (number) => {
    if (number === painted) return;
    painted = number;
    const since = (((number - late) % RATE) + RATE) % RATE;
    paint(cameraCanvas, camera, number, since < LIT);
    if (number % 2 === 0) paint(screenCanvas, screen, number, false);
    if (since < LIT) own.flashes[number - since] ??= now() - epoch - ((number - since) * 1000) / RATE;
  };

  const audio = new AudioContext({ sampleRate: 48_000 });
  const microphone = new MediaStreamAudioDestinationNode(audio, { channelCount: 1 });
  const tone = new OscillatorNode(audio, { frequency: pitch });
  const gate = new GainNode(audio, { gain: 0 });
  tone.connect(gate).connect(microphone);
  tone.start();
  let leads = []; // how much the shared clock was before the sound's own, in the last seconds
  let beeped = -1;
  let started = null; // of the last beep, by the sound's own clock
  const beep = (at, number) => {
    leads = [...leads.filter(([when]) => at - when < 2000), [at, at / 1000 - audio.currentTime]];
    if (started !== null && audio.currentTime >= started) {
      own.beeps[beeped] = at - (audio.currentTime - started) * 1000 - epoch - (beeped * 1000) / RATE;
      started = null;
    }
    const next = Math.ceil((number + 1 - late) / RATE) * RATE + late;
    const time = epoch + (next * 1000) / RATE;
    if (next === beeped || time - at > 300) return;
    beeped = next;
    // the sound's clock jumps from block to block: it is right where it is furthest on
    started = Math.max(audio.currentTime, time / 1000 - Math.min(...leads.map(([, lead]) => lead)));
    gate.gain.setValueAtTime(0.5, started);
    gate.gain.setValueAtTime(0, started + LIT / RATE);
  };

  const turn = () => {
    const at = now();
    const number = Math.floor(((at - epoch) * RATE) / 1000);
    show(number);
    beep(at, number);
    requestAnimationFrame(turn);
  };
  turn();

  const devices = navigator.mediaDevices;
  devices.getUserMedia = async ({ audio: sound, video }) => {
    const stream = new MediaStream();
    if (sound) stream.addTrack(microphone.stream.getAudioTracks()[0].clone());
    if (video) stream.addTrack(cameraCanvas.captureStream().getVideoTracks()[0]);
    return stream;
  };
  devices.getDisplayMedia = async () => screenCanvas.captureStream();

  // Sends the camera smaller by this from now on, as a browser does where the line is thin, whatever the page sets.
  window.known.shrink = (by) =>
    Promise.all(
      window.recognise.connections
        .filter(({ connectionState }) => connectionState === "connected")
        .map((connection) => {
          const { sender } = connection.getTransceivers()[1]; // microphone, camera, screen, then slots
          const [get, set] = [sender.getParameters.bind(sender), sender.setParameters.bind(sender)];
          const scaled = (parameters, factor) => {
            for (const encoding of parameters.encodings) {
              encoding.scaleResolutionDownBy = Math.max((encoding.scaleResolutionDownBy ?? 1) * factor, 1);
            }
            return parameters;
          };
          sender.getParameters = () => scaled(get(), 1 / by);
          sender.setParameters = (parameters) => set(scaled(parameters, by));
          return set(scaled(get(), by));
        }),
    );
}
