"""Benchmarks: what a forwarded packet costs here, at the least that it can cost, and in other servers, measured in one
run on one machine.

    forward     the measurement: `python -m bench.forward`
    systems/    how each server is started, configured and spoken to
    client      a WebRTC client for all of them: SDP, ICE, DTLS
    traffic     real SRTP streams to and fro, in C
    report      medians and ratios, the table; `plot` draws them

Nothing here is needed to run the service. docs/performance.md tells the method.
"""
