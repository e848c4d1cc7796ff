// A page without our client: one picture sent in three sizes as the client does it, one received.
async ({ encodings, sends }) => {
  const pc = (window.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' }));
  if (sends) {
    const canvas = document.createElement('canvas');
    canvas.width = 1280;
    canvas.height = 720;
    const paint = canvas.getContext('2d');
    let turn = 0;
    setInterval(() => {
      // enough to code, and not noise, which no encoder can hold to a rate
      turn += 1;
      for (let at = 0; at < 12; at++) {
        paint.fillStyle = `hsl(${(turn * 3 + at * 30) % 360} 60% 50%)`;
        const x = 640 + 500 * Math.sin(turn / 20 + at);
        const y = 360 + 300 * Math.cos(turn / 25 + at * 2);
        paint.fillRect(x, y, 120, 90);
      }
    }, 33);
    const [track] = canvas.captureStream(30).getVideoTracks();
    track.contentHint = 'motion';
    const options = { direction: 'sendonly', sendEncodings: encodings };
    const transceiver = (window.sending = pc.addTransceiver('video', options));
    await transceiver.sender.replaceTrack(track);
  } else {
    pc.addTransceiver('video', { direction: 'recvonly' });
    pc.ontrack = ({ track }) => {
      const video = document.createElement('video');
      video.muted = true;
      video.srcObject = new MediaStream([track]);
      document.body.append(video);
      void video.play();
    };
  }
  window.want = async (rids) => {
    const parameters = window.sending.sender.getParameters();
    for (const encoding of parameters.encodings) encoding.active = rids.includes(encoding.rid);
    await window.sending.sender.setParameters(parameters);
  };
  window.look = async () => {
    const sent = {};
    let seen = null;
    for (const each of (await pc.getStats()).values()) {
      if (each.type === 'outbound-rtp') {
        const { bytesSent: bytes, frameHeight: height = 0, framesEncoded: frames = 0 } = each;
        sent[each.rid ?? 'f'] = { bytes, height, frames };
      }
      if (each.type === 'inbound-rtp') {
        const { bytesReceived: bytes, framesDecoded: frames = 0, frameHeight: height = 0, pliCount: plis = 0 } = each;
        seen = { bytes, frames, height, plis };
      }
    }
    return { at: performance.now() / 1000, sent, seen };
  };
  const offer = await pc.createOffer();
  await pc.setLocalDescription(offer);
  return offer.sdp;
};
