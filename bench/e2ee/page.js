// Loaded before a page's own scripts where it is measured what encryption costs: keeps the peer connections, and the
// moments at which buttons were pressed and first pictures were there.
window.bench = {
  connections: [],
  since: 0,
  presses: {},
  pictures: {},

  // What was sent so far: a report for the sound and for each encoding of a picture.
  async sent() {
    const found = [];
    for (const connection of this.connections.filter(({ connectionState }) => connectionState !== 'closed')) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type === 'outbound-rtp' && report.bytesSent > 0) found.push(report);
      }
    }
    return found;
  },

  // What the sign in the top line says: "on", "clear", ...; nothing while there is no sign.
  protection() {
    return document.querySelector('tb-protection-pill')?.dataset.protection ?? '';
  },

  ownPicture() {
    return [...document.querySelectorAll('video')].some(({ readyState, videoWidth }) => readyState >= 2 && videoWidth);
  },

  // When the first picture of somebody was there, milliseconds since 1970.
  async picture(name, patience) {
    const until = performance.now() + patience;
    while (!(name in this.pictures)) {
      if (performance.now() > until) throw new Error(`no picture of ${name}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.pictures[name];
  },

  // Resolves when the page has nothing to do but to show pictures.
  async settled() {
    for (let i = 0; i < 10; i++) await new Promise((resolve) => requestIdleCallback(resolve));
  },

  forget() {
    this.since = performance.now();
    this.presses = {};
    this.pictures = {};
  },

  watch() {
    const since1970 = (time) => performance.timeOrigin + time;
    const notePress = ({ target, timeStamp }) => {
      const button = target.closest?.('button');
      const name = button?.getAttribute('aria-label') ?? button?.textContent.trim();
      if (name) this.presses[name] = since1970(timeStamp);
    };
    addEventListener('click', notePress, true);
    const watched = new WeakSet();
    const watch = (video) => {
      if (watched.has(video)) return;
      watched.add(video);
      // Until it is known: to look at every picture would slow down what is measured. A picture that came before
      // is the last of somebody who has left.
      const look = (now, { presentationTime, receiveTime = presentationTime }) => {
        const name = video.closest('[role="group"]')?.getAttribute('aria-label');
        if (name && receiveTime >= this.since) this.pictures[name] ??= since1970(presentationTime);
        else video.requestVideoFrameCallback(look);
      };
      video.requestVideoFrameCallback(look);
    };
    new MutationObserver(() => document.querySelectorAll('[role="group"] video').forEach(watch)).observe(document, {
      childList: true,
      subtree: true,
    });
  },
};

window.bench.watch();

{
  const Original = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Original {
    constructor(...parameters) {
      super(...parameters);
      window.bench.connections.push(this);
    }
  };
}
