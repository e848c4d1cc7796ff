"""Benchmarks, each a command, `python -m bench.NAME`:

    forward     what a forwarded packet costs here, at the least that it can cost, and in other servers, in one run
    hostile     what hostile datagrams do to the calls of others
    scale       what many rooms cost, and whether everything comes back when they are gone
    soak        whether anything grows, or a call is lost, in half an hour of people coming and going
    network     what a call is worth on bad networks, simulated and in real browsers
    e2ee        what end-to-end encryption costs, in real browsers, at the server, and in recordings
    recording   what a recorded call costs, here and in Janus, how many at once, and whether memory grows
    compose     what composing a recording costs, and whether its memory grows
    selftest    whether mistakes, and harm, are found

and what they are made of:

    systems/    how each server is started, configured and spoken to
    client      a WebRTC client for all of them: SDP, ICE, DTLS
    traffic     real SRTP streams to and fro, in C; `harm` judges what each call got
    flood       the `attacks`, in C, in the traffic's loop
    session     two people; `visits` are of people who come and go
    stage       the network, the cores and the results of all of them
    report      medians and ratios, the table; `trend` is whether something grows; `plot` and `graph` draw

Nothing here is needed to run the service. docs/performance.md, docs/network-performance.md and
docs/recording-performance.md tell the method.
"""
