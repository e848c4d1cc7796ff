// What a page sends and receives, and what it is told, for tests that cannot see it from outside.
(() => {
  const insight = (window.insight = { peers: [], sockets: [], state: null, wanted: null, smallSound: 0 });
  const RealPeer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends RealPeer {
    constructor(...parts) {
      super(...parts);
      insight.peers.push(this);
    }
  };
  const RealSocket = window.WebSocket;
  window.WebSocket = class extends RealSocket {
    constructor(...parts) {
      super(...parts);
      insight.sockets.push(this);
      this.addEventListener('message', ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === 'state') insight.state = message;
        if (message.type === 'wanted') {
          insight.wanted = message.layers;
          insight.smallSound = Math.max(insight.smallSound, ["usual", "small", "least"].indexOf(message.sound));
        }
      });
    }
  };

  /** Frames encoded so far and the height, of each encoding of the camera by its RID. */
  insight.sending = async () => {
    const found = {};
    for (const each of (await insight.peers.at(-1).getStats()).values()) {
      if (each.type === 'outbound-rtp' && each.rid) {
        found[each.rid] = { frames: each.framesEncoded ?? 0, height: each.frameHeight ?? 0, bytes: each.bytesSent };
      }
    }
    return found;
  };

  /** How many lines the own camera captures. */
  insight.capturing = () => {
    const senders = insight.peers.at(-1).getSenders();
    const camera = senders.find(({ track }) => track?.kind === 'video');
    return camera?.track.getSettings().height ?? 0;
  };

  /** What comes in the slot in which this person's camera plays. */
  insight.receiving = async (name) => {
    const { slots } = insight.state;
    // the server does not know names: who it is, the page shows
    const person = document.querySelector(`[data-person][aria-label="${name}"]`)?.dataset.person;
    const mid = slots.find((each) => each.person === person && each.source === 'camera')?.mid;
    for (const each of (await insight.peers.at(-1).getStats()).values()) {
      if (each.type === 'inbound-rtp' && each.mid === mid) {
        const { framesDecoded: frames = 0, frameHeight: height = 0, bytesReceived: bytes } = each;
        return { mid, frames, height, bytes, freezes: each.totalFreezesDuration ?? 0 };
      }
    }
    return { mid, frames: 0, height: 0, bytes: 0, freezes: 0 };
  };

  /** Says to the server how high the cameras of these people are shown. */
  insight.looks = async (heights) => {
    const slots = [];
    for (const [name, height] of Object.entries(heights)) {
      const { mid } = await insight.receiving(name);
      slots.push({ mid, height });
    }
    insight.sockets.at(-1).send(JSON.stringify({ type: 'view', slots, pinned: null }));
  };
})();
