// How long nothing came: the longest pause between two pictures in a tile and between two pieces of sound that were
// played, since `start`. Milliseconds; what lasts still counts. And which of some words could be read meanwhile.
window.gaps ??= {
  started: 0,
  start(name, words) {
    const begun = (this.started = performance.now());
    this.video = { last: begun, longest: 0, count: 0 };
    this.audio = { last: begun, longest: 0, count: 0 };
    this.read = {};
    const note = (which) => {
      const now = performance.now();
      which.longest = Math.max(which.longest, now - which.last);
      which.last = now;
      which.count++;
    };
    const { video, audio, read } = this;
    const groups = [...document.querySelectorAll('[role="group"]')];
    const tile = groups.find((each) => each.getAttribute("aria-label") === name)?.querySelector("video");
    const frame = () => {
      if (this.started !== begun) return;
      note(video);
      tile.requestVideoFrameCallback(frame);
    };
    tile?.requestVideoFrameCallback(frame);
    let newest = 0;
    const listen = () => {
      let time = 0;
      for (const connection of window.recognise.connections) {
        if (connection.connectionState === "closed") continue;
        for (const receiver of connection.getReceivers()) {
          if (receiver.track.kind !== "audio") continue;
          for (const { timestamp } of receiver.getSynchronizationSources()) time = Math.max(time, timestamp);
        }
      }
      if (time !== newest) note(audio);
      newest = time;
    };
    // what stands there from before is not news
    const old = new Set(words.filter((word) => document.body.innerText.includes(word)));
    const look = () => {
      const text = document.body.innerText;
      for (const word of words) {
        if (!text.includes(word)) old.delete(word);
        else if (!old.has(word)) read[word] ??= Math.round(performance.now() - begun);
      }
    };
    const timers = [setInterval(listen, 20), setInterval(look, 100)];
    const stop = setInterval(() => {
      if (this.started !== begun) for (const timer of [...timers, stop]) clearInterval(timer);
    }, 100);
  },
  told() {
    const now = performance.now();
    const of = ({ last, longest, count }) => ({ longest: Math.max(longest, now - last), count, since: now - last });
    return { video: of(this.video), audio: of(this.audio), read: this.read };
  },
};
