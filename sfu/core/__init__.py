"""The packet path, compiled: socket in, socket out, without the GIL.

`engine.pyx` is the door; the `.pxi` files beside it hold one noun each and are read in the order of a packet:

    platform    what comes from libc and libsrtp
    digest      SHA-1, HMAC and CRC-32, which STUN is sealed with
    packet      the structures of a packet
    model       those of Core, Peer, Track, Layer, Subscriber
    address     where datagrams come from and go to
    rtp         the RTP header and its extensions
    payload     what a forwarder must know of VP8, VP9 and H264: key frames, picture ids, temporal layers
    tap         listeners: peers inside this process, which read what others are sent
    sending     what is under way to a peer, and what its feedback says of that
    feedback    transport-wide feedback as clients send it: checked, read
    delay       whether a queue grows on the way, and how long it is
    loss        which losses are too much sent, and which are inherent to the way
    probe       looking for more
    estimate    all that made one number
    output      sealing and sending
    stun        connectivity checks: read, verified, answered
    ice         which names are known, which addresses speak for which peer
    rtcp        feedback and reports: built and read
    transport   transport-wide feedback to publishers
    history     packets kept to answer a NACK
    layer       one incoming stream: order, losses, key frames
    thinning    pictures that a slot leaves out, and how its numbers close over them
    subscriber  one outgoing stream: switching, rewriting, retransmitting
    downlink    where the estimate of the way to a peer meets the engine
    rates       what layers cost, and which of them anybody uses
    share       which layer each slot gets of what its viewer's connection carries
    ceiling     what publishers are told to send at most
    ingress     a datagram from the socket to its layer
    stream      ICE-TCP connections
    clockwork   what is done when time passes
    roster      peers with their tracks and slots: made and freed
    ahead       what a batch will touch, fetched before its turn
    thread      the media thread's loop
    arguments   what Python gives, as the engine's structures
    facts       what Python is told
    choosing    what Python says about slots and layers
    listening   what Python asks of listeners
    heard       what a listener was given, taken apart
    simulated   the same without sockets
    estimating  the estimate without an engine, for simulations

It knows peers, tracks, layers and subscribers by number; offers, credentials and DTLS are Python's (`sfu/`).
"""

from sfu.core._engine import Engine, Estimator, Run, share, split_heard

__all__ = ["Engine", "Estimator", "Run", "share", "split_heard"]
